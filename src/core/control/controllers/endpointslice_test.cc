#include "core/control/controllers/endpointslice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/control/controllers/slice_layout.h"
#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::kWebService;
using hitless::testing::SimulatedCluster;
using hitless::testing::webDeployment;
using kube::res::kDeployments;
using kube::res::kEndpoints;
using kube::res::kEndpointSlices;
using kube::res::kPods;
using kube::res::kServices;
using ::testing::ElementsAre;

/// "RST" flags per endpoint, as the recorded traces print them.
std::vector<std::string> flags(const kube::EndpointSlice& slice) {
  std::vector<std::string> out;
  for (const kube::Endpoint& e : slice.endpoints) {
    out.push_back(fmt::format("{}{}{}", e.ready ? "R" : "-", e.serving ? "S" : "-",
                              e.terminating ? "T" : "-"));
  }
  return out;
}

TEST(EndpointSlice, EmptyServiceHasAPlaceholder) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  cluster.settle();
  const auto slices = cluster.slices();
  ASSERT_EQ(slices.size(), 1u);
  const auto& slice = slices[0];
  EXPECT_TRUE(slice.meta.name.starts_with("web-"));
  EXPECT_EQ(
      slice.meta.labels,
      (kube::Labels{{"endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"},
                    {"kubernetes.io/service-name", "web"}}));
  EXPECT_EQ(slice.meta.owners.at(0).kind, "Service");
  EXPECT_EQ(slice.meta.annotations.at("endpoints.kubernetes.io/last-change-trigger-time"),
            "2026-11-21T00:00:00Z");
  EXPECT_TRUE(slice.endpoints.empty());
}

TEST(EndpointSlice, FollowsAPodThroughItsLife) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  cluster.create(kDeployments, webDeployment(1));
  cluster.settle();
  const std::string name = cluster.slices().at(0).meta.name;
  EXPECT_TRUE(cluster.slices()[0].endpoints.empty());  // No address yet.
  cluster.startPod(cluster.pods()[0]);
  cluster.settle();
  EXPECT_THAT(flags(cluster.slices().at(0)), ElementsAre("---"));
  EXPECT_EQ(cluster.slices()[0].meta.name, name);  // The placeholder is re-used.
  cluster.setReady(cluster.pods()[0]);
  cluster.settle();
  EXPECT_THAT(flags(cluster.slices()[0]), ElementsAre("RS-"));
  const kube::Endpoint endpoint = cluster.slices()[0].endpoints[0];
  EXPECT_THAT(endpoint.addresses, ElementsAre("10.42.0.1"));
  EXPECT_EQ(endpoint.nodeName, "node-1");
  EXPECT_EQ(endpoint.targetName, cluster.pods()[0].meta.name);
  EXPECT_EQ(cluster.slices()[0].ports[0].port, 8080);  // "http" by name

  cluster.patch(kDeployments, "web", R"({"spec":{"replicas":0}})");
  cluster.settle();
  EXPECT_THAT(flags(cluster.slices()[0]), ElementsAre("-ST"));
  cluster.setReady(cluster.pods()[0], false);
  cluster.settle();
  EXPECT_THAT(flags(cluster.slices()[0]), ElementsAre("--T"));
  cluster.finishPod(cluster.pods()[0]);
  cluster.settle();
  EXPECT_TRUE(cluster.slices()[0].endpoints.empty());
}

/// The API's type check takes nothing else for an int32.
TEST(EndpointSlice, PortsAreSignedIntegers) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  cluster.create(kDeployments, webDeployment(1));
  cluster.runPods();
  const auto slice = cluster.get(kEndpointSlices, cluster.slices().at(0).meta.name);
  EXPECT_TRUE(slice->at("ports").at(0).at("port").is_int64());
  const auto endpoints = cluster.get(kEndpoints, "web");
  EXPECT_TRUE(endpoints->at("subsets").at(0).at("ports").at(0).at("port").is_int64());
}

TEST(EndpointSlice, EachWriteIsOnTheTimeline) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  cluster.create(kDeployments, webDeployment(2));
  cluster.runPods();
  const timeline::Event& last = cluster.timeline.events.back();
  EXPECT_EQ(last.what, timeline::What::kEndpointsUpdated);
  EXPECT_EQ(last.pod, "default/web");
  EXPECT_EQ(last.detail, "10.42.0.1,10.42.0.2");
  EXPECT_EQ(last.revision, cluster.slices()[0].meta.resourceVersion);
}

TEST(EndpointSlice, PublishNotReadyAddressesKeepsAllReady) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  cluster.patch(kServices, "web", R"({"spec":{"publishNotReadyAddresses":true}})");
  cluster.create(kDeployments, webDeployment(1));
  cluster.settle();
  cluster.startPod(cluster.pods()[0]);
  cluster.settle();
  EXPECT_THAT(flags(cluster.slices()[0]), ElementsAre("R--"));
  cluster.remove(kPods, cluster.pods()[0].meta.name);
  cluster.settle();
  EXPECT_EQ(flags(cluster.slices()[0])[0], "R-T");
}

TEST(EndpointSlice, PodsWithOtherPortNumbersGetTheirOwnSlice) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  for (const int port : {8080, 9090}) {
    cluster.create(kPods, fmt::format(R"({{"metadata":{{"name":"p{0}","namespace":"default",
        "labels":{{"app":"web"}}}},"spec":{{"nodeName":"node-1","containers":[{{"name":"c",
        "ports":[{{"name":"http","containerPort":{0},"protocol":"TCP"}}]}}]}}}})",
                                      port));
  }
  cluster.runPods();
  const auto slices = cluster.slices();
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_NE(slices[0].ports, slices[1].ports);
  // The Endpoints object says the same in two subsets.
  EXPECT_EQ(kube::findArray(*cluster.get(kEndpoints, "web"), {"subsets"})->size(), 2u);
}

TEST(EndpointSlice, HostnameAndZoneComeFromPodAndNode) {
  SimulatedCluster cluster;
  cluster.patch(kube::res::kNodes, "node-1",
                R"({"metadata":{"labels":{"topology.kubernetes.io/zone":"z1"}}})");
  cluster.create(kServices, kWebService);
  cluster.patch(kServices, "web",
                R"({"metadata":{"labels":{"team":"a"}},"spec":{"clusterIP":"None"}})");
  cluster.create(kPods, R"({"metadata":{"name":"db-0","namespace":"default","labels":{"app":"web"}},
      "spec":{"nodeName":"node-1","hostname":"db-0","subdomain":"web",
      "containers":[{"name":"c","ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}]}]}})");
  cluster.runPods();
  const auto slice = cluster.slices().at(0);
  EXPECT_EQ(slice.endpoints[0].hostname, "db-0");
  EXPECT_EQ(slice.endpoints[0].zone, "z1");
  EXPECT_EQ(slice.meta.labels.at("service.kubernetes.io/headless"), "");
  EXPECT_EQ(slice.meta.labels.at("team"), "a");
  cluster.patch(kServices, "web", R"({"metadata":{"labels":{"team":null}}})");
  cluster.settle();
  EXPECT_FALSE(cluster.slices().at(0).meta.labels.contains("team"));
}

TEST(EndpointSlice, UndoesForeignChangesAndDeletions) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  cluster.create(kDeployments, webDeployment(1));
  cluster.runPods();
  const std::string name = cluster.slices()[0].meta.name;
  cluster.patch(kEndpointSlices, name, R"({"endpoints":[]})");
  cluster.settle();
  EXPECT_EQ(cluster.slices()[0].endpoints.size(), 1u);
  cluster.remove(kEndpointSlices, name);
  cluster.settle();
  EXPECT_EQ(cluster.slices().at(0).endpoints.size(), 1u);
}

TEST(EndpointSlice, GoesWithItsService) {
  SimulatedCluster cluster;
  cluster.create(kServices, kWebService);
  cluster.create(kDeployments, webDeployment(1));
  cluster.runPods();
  cluster.remove(kServices, "web");
  cluster.settle();
  EXPECT_TRUE(cluster.slices().empty());
  EXPECT_EQ(cluster.get(kEndpoints, "web"), nullptr);
}

// --- layout ----------------------------------------------------------------------------------

PortGroup group(int from, int to) {
  PortGroup out{{{"", "TCP", 80, ""}}, {}};
  for (int i = from; i < to; ++i) {
    kube::Endpoint endpoint;
    endpoint.targetUid = std::to_string(i);
    endpoint.addresses = {fmt::format("10.0.{}.{}", i / 250, i % 250)};
    out.endpoints.push_back(std::move(endpoint));
  }
  return out;
}

std::vector<Ref<kube::EndpointSlice>> stored(const SliceLayout& layout) {
  std::vector<Ref<kube::EndpointSlice>> out;
  for (const SliceContent& content : layout.contents) {
    kube::EndpointSlice slice;
    slice.meta.name =
        content.slice == nullptr ? fmt::format("s{}", out.size()) : content.slice->meta.name;
    slice.endpoints = content.endpoints;
    slice.ports = content.ports;
    out.push_back(std::make_shared<const kube::EndpointSlice>(std::move(slice)));
  }
  return out;
}

std::vector<std::size_t> counts(const SliceLayout& layout) {
  std::vector<std::size_t> out;
  for (const SliceContent& content : layout.contents) {
    out.push_back(content.endpoints.size());
  }
  return out;
}

TEST(SliceLayout, FillsSlicesOfAHundred) {
  const SliceLayout first = layOut({group(0, 250)}, {});
  EXPECT_THAT(counts(first), ElementsAre(100, 100, 50));
  const auto slices = stored(first);
  // One more goes where there is room, and nothing else changes.
  const SliceLayout more = layOut({group(0, 251)}, slices);
  EXPECT_THAT(counts(more), ElementsAre(100, 100, 51));
  EXPECT_FALSE(more.contents[0].changed());
  EXPECT_FALSE(more.contents[1].changed());
  // A removal leaves a hole, which the next addition fills.
  const SliceLayout fewer = layOut({group(1, 251)}, stored(more));
  EXPECT_THAT(counts(fewer), ElementsAre(99, 100, 51));
  EXPECT_FALSE(fewer.contents[2].changed());
  const SliceLayout swapped = layOut({group(2, 252)}, stored(fewer));
  EXPECT_THAT(counts(swapped), ElementsAre(99, 100, 51));
  EXPECT_FALSE(swapped.contents[2].changed());
}

TEST(SliceLayout, ReusesASliceThatWouldGo) {
  const auto slices = stored(layOut({group(0, 150)}, {}));
  PortGroup other = group(0, 150);
  other.ports[0].port = 81;
  const SliceLayout layout = layOut({other}, slices);
  EXPECT_THAT(counts(layout), ElementsAre(100, 50));
  EXPECT_EQ(layout.contents[0].slice, slices[0]);
  EXPECT_EQ(layout.contents[1].slice, slices[1]);
  EXPECT_TRUE(layout.surplus.empty());
  const SliceLayout none = layOut({}, slices);
  EXPECT_THAT(counts(none), ElementsAre(0));
  EXPECT_EQ(none.surplus.size(), 1u);
}

}  // namespace
}  // namespace hitless::control
