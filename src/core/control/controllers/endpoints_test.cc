#include "core/control/controllers/endpoints.h"

#include <gtest/gtest.h>

#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::kWebService;
using hitless::testing::SimulatedCluster;
using hitless::testing::webDeployment;
using kube::res::kEndpoints;

std::string subsets(const SimulatedCluster& cluster) {
  const kube::ObjectPtr object = cluster.get(kEndpoints, "web");
  const auto* list = object == nullptr ? nullptr : kube::findArray(*object, {"subsets"});
  std::string out;
  for (const auto& entry : list == nullptr ? kube::json::array{} : *list) {
    for (const std::string_view kind : {"addresses", "notReadyAddresses"}) {
      if (const auto* addresses = kube::findArray(entry.as_object(), {kind})) {
        out += fmt::format("{}:", kind);
        for (const auto& address : *addresses) {
          out += fmt::format(" {}", std::string(kube::text(address.as_object(), {"ip"})));
        }
        out += "; ";
      }
    }
    out += fmt::format(
        "port {}. ",
        kube::integer(kube::find(entry.as_object(), "ports")->as_array()[0].as_object(), {"port"}));
  }
  return out;
}

TEST(Endpoints, SeparateReadyFromNotReadyAndLeaveTerminatingOut) {
  SimulatedCluster cluster;
  cluster.create(kube::res::kServices, kWebService);
  cluster.create(kube::res::kDeployments, webDeployment(3));
  cluster.settle();
  EXPECT_EQ(subsets(cluster), "");
  for (const kube::Pod& pod : cluster.pods()) {
    cluster.startPod(pod);
  }
  cluster.setReady(cluster.pods()[1]);
  cluster.settle();
  EXPECT_EQ(subsets(cluster),
            "addresses: 10.42.0.2; notReadyAddresses: 10.42.0.1 10.42.0.3; port 8080. ");
  cluster.remove(kube::res::kPods, cluster.pods()[1].meta.name);
  cluster.settle();
  EXPECT_EQ(subsets(cluster), "notReadyAddresses: 10.42.0.1 10.42.0.3; port 8080. ");
}

TEST(Endpoints, ThoseMadeByHandAreLeftAlone) {
  SimulatedCluster cluster;
  cluster.create(kEndpoints, R"({"metadata":{"name":"web","namespace":"default"},
      "subsets":[{"addresses":[{"ip":"192.0.2.1"}],"ports":[{"port":1}]}]})");
  cluster.create(
      kube::res::kServices,
      R"({"metadata":{"name":"web","namespace":"default"},"spec":{"ports":[{"port":80}]}})");
  cluster.settle();
  EXPECT_EQ(subsets(cluster), "addresses: 192.0.2.1; port 1. ");
  EXPECT_TRUE(cluster.slices().empty());
  cluster.remove(kube::res::kServices, "web");
  cluster.settle();
  EXPECT_NE(cluster.get(kEndpoints, "web"), nullptr);
}

}  // namespace
}  // namespace hitless::control
