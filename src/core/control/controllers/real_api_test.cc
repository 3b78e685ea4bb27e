#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/deployments.h"
#include "testing/real_api.h"
#include "testing/stateful_sets.h"

namespace hitless::control {
namespace {

using kube::res::kDeployments;
using kube::res::kEndpoints;
using kube::res::kEndpointSlices;
using kube::res::kNamespaces;
using kube::res::kNodes;
using kube::res::kPods;
using kube::res::kReplicaSets;
using kube::res::kServices;
using kube::res::kStatefulSets;
using ::testing::IsEmpty;

TEST_F(RealApi, TheDnsServiceHasTheNodesAsItsServers) {
  create(kNodes, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"n2"},
      "status":{"addresses":[{"type":"InternalIP","address":"172.30.0.10"}],
                "conditions":[{"type":"Ready","status":"True"}]}})");
  settle();
  EXPECT_THAT(sink_.refusals, IsEmpty());
  const auto service = store_.get(kServices, "kube-system", "kube-dns");
  ASSERT_TRUE(service);
  EXPECT_EQ(kube::serviceOf(*service).clusterIPs, std::vector<std::string>{"10.96.0.10"});
  const auto slice = store_.get(kEndpointSlices, "kube-system", "kube-dns");
  ASSERT_TRUE(slice);
  const kube::EndpointSlice decoded = kube::endpointSliceOf(*slice);
  ASSERT_EQ(decoded.endpoints.size(), 1U);
  EXPECT_EQ(decoded.endpoints[0].addresses, std::vector<std::string>{"172.30.0.10"});
  EXPECT_EQ(decoded.ports.size(), 3U);
  // At rest: what it wrote is what it wants.
  patch(kNodes, "n2", R"({"metadata":{"labels":{"a":"b"}}})");
  settle();
  const auto again = store_.get(kEndpointSlices, "kube-system", "kube-dns");
  EXPECT_EQ(kube::metaOf(*again).resourceVersion, decoded.meta.resourceVersion);
}

TEST_F(RealApi, ARolloutIsAcceptedAndComesToRest) {
  create(kServices, hitless::testing::kWebService);
  create(kDeployments, hitless::testing::webDeployment(4));
  runPods();
  EXPECT_EQ(web().meta.generation, 1);
  EXPECT_EQ(web().status.observedGeneration, 1);
  EXPECT_EQ(web().status.availableReplicas, 4);
  patch(kDeployments, "web", hitless::testing::restartPatch("2026-11-21T00:00:01Z"));
  runPods();
  EXPECT_EQ(web().meta.generation, 2);
  EXPECT_EQ(web().status.updatedReplicas, 4);
  EXPECT_EQ(web().meta.annotations.at("deployment.kubernetes.io/revision"), "2");
  EXPECT_EQ(kube::endpointSliceOf(*store_.list(kEndpointSlices, "default").at(0)).endpoints.size(),
            4u);
  EXPECT_THAT(sink_.refusals, IsEmpty());

  const std::uint64_t before = store_.revision();
  clock_.advance(seconds(5));
  settle();
  EXPECT_EQ(store_.revision(), before);
}

TEST_F(RealApi, AStatefulSetsPodsHaveNamesInItsService) {
  create(kServices, R"({"apiVersion":"v1","kind":"Service",
      "metadata":{"name":"db","namespace":"default"},
      "spec":{"clusterIP":"None","selector":{"app":"db"},"ports":[{"port":80}]}})");
  create(kServices, R"({"apiVersion":"v1","kind":"Service",
      "metadata":{"name":"other","namespace":"default"},
      "spec":{"selector":{"app":"db"},"ports":[{"port":80}]}})");
  create(kStatefulSets, hitless::testing::dbStatefulSet(2));
  runPods();
  patch(kStatefulSets, "db", hitless::testing::imagePatch("x:2"));
  runPods();
  EXPECT_THAT(sink_.refusals, IsEmpty());
  const auto db = kube::statefulSetOf(*store_.get(kStatefulSets, "default", "db"));
  EXPECT_EQ(db.status.updatedReplicas, 2);
  EXPECT_EQ(db.status.currentRevision, db.status.updateRevision);
  std::vector<std::string> names;
  for (const kube::ObjectPtr& object : store_.list(kEndpointSlices, "default")) {
    const kube::EndpointSlice slice = kube::endpointSliceOf(*object);
    for (const kube::Endpoint& endpoint : slice.endpoints) {
      names.push_back(fmt::format("{}.{}", endpoint.hostname, slice.serviceName()));
    }
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("db-0.db", "db-1.db", ".other", ".other"));

  const std::uint64_t before = store_.revision();
  clock_.advance(seconds(5));
  settle();
  EXPECT_EQ(store_.revision(), before);
}

TEST_F(RealApi, DeletionsEnd) {
  create(kServices, hitless::testing::kWebService);
  create(kDeployments, hitless::testing::webDeployment(2));
  create(kNamespaces, R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})");
  runPods();
  EXPECT_NE(store_.get(kube::res::kServiceAccounts, "shop", "default"), nullptr);
  EXPECT_NE(store_.get(kube::res::kConfigMaps, "shop", "kube-root-ca.crt"), nullptr);
  remove(kNamespaces, "shop");
  settle();
  EXPECT_EQ(store_.get(kNamespaces, "", "shop"), nullptr);

  remove(kDeployments, "web", "Foreground");
  settle();
  EXPECT_NE(store_.get(kDeployments, "default", "web"), nullptr);
  runPods();
  EXPECT_EQ(store_.get(kDeployments, "default", "web"), nullptr);
  EXPECT_THAT(store_.list(kReplicaSets, "default"), IsEmpty());
  remove(kServices, "web");
  settle();
  EXPECT_THAT(store_.list(kEndpointSlices, "default"), IsEmpty());
  EXPECT_EQ(store_.get(kEndpoints, "default", "web"), nullptr);
  EXPECT_THAT(sink_.refusals, IsEmpty());
}

TEST_F(RealApi, ALostNodeAndItsPodsAreReported) {
  create(kPods, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"default"},
      "spec":{"containers":[{"name":"c","image":"x"}]}})");
  runPods();
  clock_.advance(seconds(60));
  settle();
  const kube::Node node = kube::nodeOf(*store_.get(kNodes, "", "n1"));
  EXPECT_EQ(kube::findCondition(node.conditions, "Ready")->status, "Unknown");
  EXPECT_FALSE(kube::podOf(*store_.get(kPods, "default", "p")).ready());
  EXPECT_THAT(sink_.refusals, IsEmpty());
}

}  // namespace
}  // namespace hitless::control
