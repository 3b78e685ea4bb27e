#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

/// Namespaces and nodes: how they begin and end.
namespace hitless::control {
namespace {

using hitless::testing::kWebService;
using hitless::testing::SimulatedCluster;
using hitless::testing::webDeployment;
using kube::res::kConfigMaps;
using kube::res::kLeases;
using kube::res::kNamespaces;
using kube::res::kNodes;
using kube::res::kPods;
using kube::res::kServiceAccounts;
using ::testing::Contains;

ManagerOptions withRootCa(std::string pem) {
  ManagerOptions options;
  options.rootCa = std::move(pem);
  return options;
}

TEST(Namespace, HasAServiceAccountAndTheRootCa) {
  SimulatedCluster cluster(withRootCa("PEM"));
  cluster.addNamespace("shop");
  cluster.settle();
  EXPECT_NE(cluster.get(kServiceAccounts, "default", "shop"), nullptr);
  const auto map = cluster.get(kConfigMaps, "kube-root-ca.crt", "shop");
  ASSERT_NE(map, nullptr);
  EXPECT_EQ(kube::text(*map, {"data", "ca.crt"}), "PEM");

  cluster.remove(kServiceAccounts, "default");
  cluster.patch(kConfigMaps, "kube-root-ca.crt", R"({"data":{"ca.crt":"forged"}})");
  cluster.settle();
  EXPECT_NE(cluster.get(kServiceAccounts, "default"), nullptr);
  EXPECT_EQ(kube::text(*cluster.get(kConfigMaps, "kube-root-ca.crt"), {"data", "ca.crt"}), "PEM");
}

TEST(Namespace, DeletionTakesItsContentsAndThenItself) {
  SimulatedCluster cluster;
  cluster.create(kube::res::kServices, kWebService);
  cluster.create(kube::res::kDeployments, webDeployment(2));
  cluster.runPods();
  cluster.remove(kNamespaces, "default");
  cluster.settle();
  ASSERT_NE(cluster.get(kNamespaces, "default"), nullptr);
  EXPECT_EQ(kube::text(*cluster.get(kNamespaces, "default"), {"status", "phase"}), "Terminating");
  EXPECT_EQ(cluster.get(kube::res::kDeployments, "web"), nullptr);
  EXPECT_EQ(cluster.get(kServiceAccounts, "default"), nullptr);
  ASSERT_EQ(cluster.pods().size(), 2u);
  cluster.runPods();
  EXPECT_EQ(cluster.get(kNamespaces, "default"), nullptr);
}

// --- nodes -----------------------------------------------------------------------------------

void renewLease(SimulatedCluster& cluster, bool first) {
  const std::string spec =
      fmt::format(R"({{"spec":{{"renewTime":"{}"}}}})", formatMicroTime(cluster.clock.wall()));
  const ObjectRef lease{&kLeases, "kube-node-lease", "node-1", ""};
  auto object = kube::parseJson(spec)->as_object();
  if (first) {
    object["metadata"] = {{"name", "node-1"}, {"namespace", "kube-node-lease"}};
    ASSERT_TRUE(cluster.api.run(Create{&kLeases, object}));
  } else {
    ASSERT_TRUE(cluster.api.run(Patch{lease, "", object}));
  }
}

std::string readiness(const SimulatedCluster& cluster) {
  const kube::Node node = kube::nodeOf(*cluster.get(kNodes, "node-1"));
  return kube::findCondition(node.conditions, "Ready")->status;
}

TEST(Node, SilenceMakesItUnknownAndItsPodsNotReady) {
  SimulatedCluster cluster;
  renewLease(cluster, true);
  cluster.create(kube::res::kServices, kWebService);
  cluster.create(kube::res::kDeployments, webDeployment(2));
  cluster.runPods();
  cluster.pass(seconds(30));
  renewLease(cluster, false);
  cluster.pass(seconds(30));
  EXPECT_EQ(readiness(cluster), "True");
  cluster.pass(seconds(11));
  EXPECT_EQ(readiness(cluster), "Unknown");
  const kube::Node node = kube::nodeOf(*cluster.get(kNodes, "node-1"));
  EXPECT_EQ(kube::findCondition(node.conditions, "Ready")->reason, "NodeStatusUnknown");
  EXPECT_FALSE(cluster.pods()[0].ready());
  EXPECT_FALSE(cluster.slices().at(0).endpoints.at(0).ready);
  EXPECT_THAT(cluster.eventsAbout("Node"),
              Contains("NodeNotReady: Node node-1 status is now: NodeNotReady"));
  // Nothing new is placed there.
  cluster.create(kPods, R"({"metadata":{"name":"late","namespace":"default"},"spec":{}})");
  cluster.settle();
  EXPECT_EQ(kube::podOf(*cluster.get(kPods, "late")).nodeName, "");
}

TEST(Node, PodsOfAnAbsentNodeAreRemovedAfterTheQuarantine) {
  SimulatedCluster cluster({}, 2);
  cluster.create(kPods,
                 R"({"metadata":{"name":"a","namespace":"default"},"spec":{"nodeName":"node-2"}})");
  cluster.create(kPods,
                 R"({"metadata":{"name":"b","namespace":"default"},"spec":{"nodeName":"node-2"}})");
  cluster.settle();
  cluster.remove(kPods, "b");
  cluster.settle();
  EXPECT_EQ(cluster.pods().size(), 2u);
  cluster.remove(kNodes, "node-2");
  cluster.settle();
  EXPECT_EQ(cluster.pods().size(), 1u);  // The terminating one had nobody to finish it.
  cluster.pass(seconds(39));
  EXPECT_EQ(cluster.pods().size(), 1u);
  cluster.pass(seconds(2));
  EXPECT_TRUE(cluster.pods().empty());
}

TEST(Node, ComesBackInTimeAndKeepsItsPods) {
  SimulatedCluster cluster;
  cluster.create(kPods,
                 R"({"metadata":{"name":"a","namespace":"default"},"spec":{"nodeName":"node-9"}})");
  cluster.pass(seconds(20));
  cluster.addNode("node-9");
  cluster.pass(seconds(19));
  EXPECT_EQ(cluster.pods().size(), 1u);
}

}  // namespace
}  // namespace hitless::control
