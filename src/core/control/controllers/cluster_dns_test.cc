#include "core/control/controllers/cluster_dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using ::testing::ElementsAre;
using testing::SimulatedCluster;
using ::testing::SizeIs;

constexpr const char* kService =
    R"({"metadata":{"name":"kube-dns","namespace":"kube-system","labels":{"k8s-app":"kube-dns"}},
        "spec":{"clusterIPs":["10.96.0.10"],"ports":[
          {"name":"dns","protocol":"UDP","port":53,"targetPort":53},
          {"name":"metrics","protocol":"TCP","port":9153,"targetPort":9470}]}})";

std::string node(std::string_view name, std::string_view address, bool ready = true) {
  return fmt::format(R"({{"metadata":{{"name":"{}"}},"status":{{
                         "addresses":[{{"type":"InternalIP","address":"{}"}}],
                         "conditions":[{{"type":"Ready","status":"{}"}}]}}}})",
                     name, address, ready ? "True" : "False");
}

/// Nodes with addresses, which those of a SimulatedCluster do not have.
class ClusterDns : public ::testing::Test {
 protected:
  ClusterDns() : cluster({}, 0) {
    cluster.addNamespace("kube-system");
    cluster.create(kube::res::kNodes, node("node-1", "172.30.0.10"));
    cluster.create(kube::res::kNodes, node("node-2", "172.30.0.11", false));
    cluster.settle();
  }

  kube::EndpointSlice slice() const {
    const auto object = cluster.get(kube::res::kEndpointSlices, "kube-dns", "kube-system");
    return object == nullptr ? kube::EndpointSlice{} : kube::endpointSliceOf(*object);
  }
  /// "node-1 172.30.0.10 ready"
  std::vector<std::string> endpoints() const {
    std::vector<std::string> out;
    for (const kube::Endpoint& endpoint : slice().endpoints) {
      out.push_back(fmt::format("{} {}{}", endpoint.nodeName, endpoint.addresses.at(0),
                                endpoint.ready ? " ready" : ""));
    }
    return out;
  }

  SimulatedCluster cluster;
};

TEST_F(ClusterDns, EveryNodeIsAnEndpointAndReadyAsItIs) {
  cluster.create(kube::res::kServices, kService);
  cluster.settle();
  EXPECT_THAT(endpoints(), ElementsAre("node-1 172.30.0.10 ready", "node-2 172.30.0.11"));
  EXPECT_EQ(slice().serviceName(), "kube-dns");
  EXPECT_EQ(valueOf(slice().meta.labels, "k8s-app"), "kube-dns");
  ASSERT_THAT(slice().ports, SizeIs(2));
  EXPECT_EQ(slice().ports[0].port, 53);
  EXPECT_EQ(slice().ports[1].port, 9470);
}

TEST_F(ClusterDns, FollowsNodesThatComeChangeAndGo) {
  cluster.create(kube::res::kServices, kService);
  cluster.create(kube::res::kNodes, node("node-3", "172.30.0.12"));
  cluster.patch(kube::res::kNodes, "node-2",
                R"({"status":{"conditions":[{"type":"Ready","status":"True"}]}})", "status");
  cluster.remove(kube::res::kNodes, "node-1");
  cluster.settle();
  EXPECT_THAT(endpoints(), ElementsAre("node-2 172.30.0.11 ready", "node-3 172.30.0.12 ready"));
  const std::uint64_t version = slice().meta.resourceVersion;
  cluster.patch(kube::res::kNodes, "node-3", R"({"metadata":{"labels":{"a":"b"}}})");
  cluster.settle();
  EXPECT_EQ(slice().meta.resourceVersion, version);
}

TEST_F(ClusterDns, LeavesAServiceWithServersOfItsOwnAlone) {
  cluster.create(kube::res::kServices,
                 R"({"metadata":{"name":"kube-dns","namespace":"kube-system"},
                     "spec":{"selector":{"k8s-app":"kube-dns"},"ports":[{"port":53}]}})");
  cluster.settle();
  EXPECT_THAT(endpoints(), SizeIs(0));
}

}  // namespace
}  // namespace hitless::control
