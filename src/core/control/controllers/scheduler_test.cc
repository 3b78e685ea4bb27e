#include "core/control/controllers/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::SimulatedCluster;
using hitless::testing::webDeployment;
using kube::res::kNodes;
using kube::res::kPods;
using ::testing::Contains;
using ::testing::ElementsAre;

std::map<std::string, int> spread(const SimulatedCluster& cluster) {
  std::map<std::string, int> out;
  for (const kube::Pod& pod : cluster.pods()) {
    ++out[pod.nodeName];
  }
  return out;
}

std::string bare(std::string_view name, std::string_view spec) {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"default"}},"spec":{{{}}}}})", name,
                     spec);
}

std::string nodeOf(const SimulatedCluster& cluster, std::string_view pod) {
  return kube::podOf(*cluster.get(kPods, pod)).nodeName;
}

TEST(Scheduler, SpreadsReplicasEvenly) {
  SimulatedCluster cluster({}, 3);
  cluster.create(kube::res::kDeployments, webDeployment(6));
  cluster.settle();
  EXPECT_EQ(spread(cluster),
            (std::map<std::string, int>{{"node-1", 2}, {"node-2", 2}, {"node-3", 2}}));
  EXPECT_THAT(cluster.eventsAbout("Pod"), Contains("Scheduled: Successfully assigned default/" +
                                                   cluster.pods()[0].meta.name + " to node-1"));
}

TEST(Scheduler, SaysWhyNoNodeFitsAndTriesAgainWhenOneChanges) {
  SimulatedCluster cluster({}, 2);
  cluster.patch(kNodes, "node-1", R"({"spec":{"unschedulable":true}})");
  cluster.patch(kNodes, "node-2",
                R"({"spec":{"taints":[{"key":"gpu","value":"yes","effect":"NoSchedule"}]}})");
  cluster.create(kPods, bare("p", ""));
  cluster.pass(seconds(30));
  const std::string message =
      "0/2 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were "
      "unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for "
      "scheduling.";
  EXPECT_THAT(cluster.eventsAbout("Pod"), ElementsAre("FailedScheduling: " + message));
  const kube::Pod refused = kube::podOf(*cluster.get(kPods, "p"));
  const auto* condition = kube::findCondition(refused.conditions, "PodScheduled");
  ASSERT_NE(condition, nullptr);
  EXPECT_EQ(condition->status, "False");
  EXPECT_EQ(condition->reason, "Unschedulable");
  EXPECT_EQ(condition->message, message);
  cluster.patch(kNodes, "node-1", R"({"spec":{"unschedulable":false}})");
  cluster.settle();
  EXPECT_EQ(nodeOf(cluster, "p"), "node-1");
}

TEST(Scheduler, HonoursSelectorsAffinityAndTolerations) {
  SimulatedCluster cluster({}, 3);
  cluster.patch(kNodes, "node-2", R"({"metadata":{"labels":{"disk":"ssd"}}})");
  cluster.patch(kNodes, "node-3", R"({"metadata":{"labels":{"cores":"16"}},
      "spec":{"taints":[{"key":"gpu","effect":"NoSchedule"}]}})");
  cluster.create(kPods, bare("by-selector", R"("nodeSelector":{"disk":"ssd"})"));
  cluster.create(kPods, bare("by-affinity", R"("tolerations":[{"key":"gpu","operator":"Exists"}],
      "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{
      "nodeSelectorTerms":[{"matchExpressions":[{"key":"cores","operator":"Gt","values":["8"]}]}]}}})"));
  cluster.create(kPods, bare("by-name", R"("affinity":{"nodeAffinity":{
      "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[
      {"key":"metadata.name","operator":"In","values":["node-2"]}]}]}}})"));
  cluster.create(kPods, bare("nowhere", R"("nodeSelector":{"disk":"tape"})"));
  cluster.create(kPods, bare("gated", R"("schedulingGates":[{"name":"wait"}])"));
  cluster.create(kPods, bare("foreign", R"("schedulerName":"mine")"));
  cluster.settle();
  EXPECT_EQ(nodeOf(cluster, "by-selector"), "node-2");
  EXPECT_EQ(nodeOf(cluster, "by-affinity"), "node-3");
  EXPECT_EQ(nodeOf(cluster, "by-name"), "node-2");
  EXPECT_EQ(nodeOf(cluster, "nowhere"), "");
  EXPECT_EQ(nodeOf(cluster, "gated"), "");
  EXPECT_EQ(nodeOf(cluster, "foreign"), "");
}

TEST(Scheduler, WithoutNodesSaysSo) {
  SimulatedCluster cluster({}, 0);
  cluster.create(kPods, bare("p", ""));
  cluster.settle();
  EXPECT_THAT(cluster.eventsAbout("Pod"),
              ElementsAre("FailedScheduling: no nodes available to schedule pods"));
}

TEST(Scheduler, AFullNodeTakesAPodWhenOneLeaves) {
  SimulatedCluster cluster;
  cluster.patch(kNodes, "node-1", R"({"status":{"allocatable":{"pods":"1"}}})", "status");
  cluster.create(kPods, bare("a", ""));
  cluster.settle();
  cluster.create(kPods, bare("b", ""));
  cluster.settle();
  EXPECT_EQ(nodeOf(cluster, "b"), "");
  cluster.finishPod(kube::podOf(*cluster.get(kPods, "a")));
  cluster.settle();
  EXPECT_EQ(nodeOf(cluster, "b"), "node-1");
}

}  // namespace
}  // namespace hitless::control
