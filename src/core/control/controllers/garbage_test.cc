#include "core/control/controllers/garbage.h"

#include <gtest/gtest.h>

#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::SimulatedCluster;
using hitless::testing::webDeployment;
using kube::res::kConfigMaps;
using kube::res::kDeployments;
using kube::res::kReplicaSets;

std::string configMap(std::string_view name, std::string_view owners) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"default","ownerReferences":[{}]}}}})", name,
      owners);
}

std::string ownerRef(const SimulatedCluster& cluster, std::string_view name, bool blocks = true) {
  const auto uid = kube::metaOf(*cluster.get(kConfigMaps, name)).uid;
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"ConfigMap","name":"{}","uid":"{}","blockOwnerDeletion":{}}})",
      name, uid, blocks);
}

TEST(Garbage, BackgroundDeletionTakesTheWholeTree) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(2));
  cluster.runPods();
  cluster.remove(kDeployments, "web");
  cluster.settle();
  EXPECT_TRUE(cluster.replicaSets().empty());
  ASSERT_EQ(cluster.pods().size(), 2u);  // In their grace period.
  EXPECT_TRUE(cluster.pods()[0].meta.terminating());
  cluster.runPods();
  EXPECT_TRUE(cluster.pods().empty());
}

TEST(Garbage, ForegroundDeletionWaitsForTheDependents) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(2));
  cluster.runPods();
  cluster.remove(kDeployments, "web", "Foreground");
  cluster.settle();
  EXPECT_NE(cluster.get(kDeployments, "web"), nullptr);
  ASSERT_EQ(cluster.pods().size(), 2u);
  EXPECT_TRUE(cluster.pods()[0].meta.terminating());
  cluster.finishPod(cluster.pods()[0]);
  cluster.settle();
  EXPECT_NE(cluster.get(kDeployments, "web"), nullptr);
  cluster.finishPod(cluster.pods()[0]);
  cluster.settle();
  EXPECT_EQ(cluster.get(kDeployments, "web"), nullptr);
  EXPECT_TRUE(cluster.replicaSets().empty());
}

TEST(Garbage, OrphanDeletionSetsTheDependentsFree) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(2));
  cluster.runPods();
  cluster.remove(kDeployments, "web", "Orphan");
  cluster.settle();
  EXPECT_EQ(cluster.get(kDeployments, "web"), nullptr);
  ASSERT_EQ(cluster.replicaSets().size(), 1u);
  EXPECT_TRUE(cluster.replicaSets()[0].meta.owners.empty());
  EXPECT_EQ(cluster.pods().size(), 2u);
}

TEST(Garbage, AnOwnerThatNeverWasOrHasAnotherUidCountsAsGone) {
  SimulatedCluster cluster;
  cluster.create(kConfigMaps, configMap("owner", ""));
  cluster.create(kConfigMaps, configMap("kept", ownerRef(cluster, "owner")));
  cluster.create(
      kConfigMaps,
      configMap("stale", R"({"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"other"})"));
  cluster.create(
      kConfigMaps,
      configMap("unknown-kind", R"({"apiVersion":"x/v1","kind":"Y","name":"z","uid":"other"})"));
  cluster.settle();
  EXPECT_NE(cluster.get(kConfigMaps, "kept"), nullptr);
  EXPECT_EQ(cluster.get(kConfigMaps, "stale"), nullptr);
  EXPECT_NE(cluster.get(kConfigMaps, "unknown-kind"), nullptr);
}

TEST(Garbage, OneOwnerLeftKeepsTheObject) {
  SimulatedCluster cluster;
  cluster.create(kConfigMaps, configMap("a", ""));
  cluster.create(kConfigMaps, configMap("b", ""));
  cluster.create(kConfigMaps,
                 configMap("child", ownerRef(cluster, "a") + "," + ownerRef(cluster, "b")));
  cluster.settle();
  cluster.remove(kConfigMaps, "a");
  cluster.settle();
  const auto child = kube::metaOf(*cluster.get(kConfigMaps, "child"));
  ASSERT_EQ(child.owners.size(), 1u);
  EXPECT_EQ(child.owners[0].name, "b");
  cluster.remove(kConfigMaps, "b");
  cluster.settle();
  EXPECT_EQ(cluster.get(kConfigMaps, "child"), nullptr);
}

TEST(Garbage, ForegroundDoesNotWaitForDependentsThatDoNotBlock) {
  SimulatedCluster cluster;
  cluster.create(kConfigMaps, configMap("owner", ""));
  cluster.create(kConfigMaps,
                 R"({"metadata":{"name":"held","namespace":"default","finalizers":["x/y"],
      "ownerReferences":[)" +
                     ownerRef(cluster, "owner", false) + "]}}");
  cluster.settle();
  cluster.remove(kConfigMaps, "owner", "Foreground");
  cluster.settle();
  EXPECT_EQ(cluster.get(kConfigMaps, "owner"), nullptr);
  EXPECT_TRUE(kube::metaOf(*cluster.get(kConfigMaps, "held")).terminating());
}

}  // namespace
}  // namespace hitless::control
