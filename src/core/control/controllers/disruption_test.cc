#include "core/control/controllers/disruption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::SimulatedCluster;
using kube::res::kDeployments;
using kube::res::kPodDisruptionBudgets;
using kube::res::kPods;
using ::testing::Contains;
using ::testing::HasSubstr;

std::string budgetJson(std::string_view spec) {
  return fmt::format(R"({{"metadata":{{"name":"web","namespace":"default"}},
      "spec":{{"selector":{{"matchLabels":{{"app":"web"}}}},{}}}}})",
                     spec);
}

kube::PodDisruptionBudgetStatus status(const SimulatedCluster& cluster) {
  return kube::podDisruptionBudgetOf(*cluster.get(kPodDisruptionBudgets, "web")).status;
}

struct Case {
  const char* spec;
  std::int64_t expected;
  std::int64_t desired;
  std::int64_t allowed;
};

class Budget : public ::testing::TestWithParam<Case> {};

TEST_P(Budget, CountsWhatItsSpecSays) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, hitless::testing::webDeployment(5));
  cluster.runPods();
  cluster.create(kPodDisruptionBudgets, budgetJson(GetParam().spec));
  cluster.settle();
  const auto now = status(cluster);
  EXPECT_EQ(now.observedGeneration, 1);
  EXPECT_EQ(now.currentHealthy, 5);
  EXPECT_EQ(now.expectedPods, GetParam().expected);
  EXPECT_EQ(now.desiredHealthy, GetParam().desired);
  EXPECT_EQ(now.disruptionsAllowed, GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(Forms, Budget,
                         ::testing::Values(Case{R"("minAvailable":3)", 5, 3, 2},
                                           Case{R"("minAvailable":7)", 5, 7, 0},
                                           Case{R"("minAvailable":"50%")", 5, 3, 2},
                                           Case{R"("maxUnavailable":1)", 5, 4, 1},
                                           Case{R"("maxUnavailable":"30%")", 5, 3, 2},
                                           Case{R"("maxUnavailable":9)", 5, 0, 5}));

TEST(Disruption, FollowsPodsAndScale) {
  SimulatedCluster cluster;
  cluster.create(kPodDisruptionBudgets, budgetJson(R"("maxUnavailable":1)"));
  cluster.create(kDeployments, hitless::testing::webDeployment(3));
  cluster.runPods();
  EXPECT_EQ(status(cluster).disruptionsAllowed, 1);
  cluster.setReady(cluster.pods().front(), false);
  cluster.settle();
  EXPECT_EQ(status(cluster).currentHealthy, 2);
  EXPECT_EQ(status(cluster).disruptionsAllowed, 0);
  cluster.setReady(cluster.pods().front());
  // More are wanted than there are: nothing to spare until they are ready.
  cluster.patch(kDeployments, "web", R"({"spec":{"replicas":6}})");
  cluster.settle();
  EXPECT_EQ(status(cluster).desiredHealthy, 5);
  EXPECT_EQ(status(cluster).disruptionsAllowed, 0);
  cluster.runPods();
  EXPECT_EQ(status(cluster).disruptionsAllowed, 1);
}

TEST(Disruption, ATerminatingPodIsNotHealthy) {
  SimulatedCluster cluster;
  cluster.create(kPodDisruptionBudgets, budgetJson(R"("minAvailable":2)"));
  cluster.create(kDeployments, hitless::testing::webDeployment(3));
  cluster.runPods();
  EXPECT_EQ(status(cluster).disruptionsAllowed, 1);
  cluster.remove(kPods, cluster.pods().front().meta.name);
  cluster.settle();
  EXPECT_EQ(status(cluster).disruptionsAllowed, 0);
}

TEST(Disruption, AnEvictionCountsUntilItsPodGoesOrTimeIsUp) {
  ManagerOptions options;
  options.nodeMonitorGracePeriod = std::chrono::hours(1000);  // The nodes are not what is tested.
  SimulatedCluster cluster(options);
  cluster.create(kPodDisruptionBudgets, budgetJson(R"("minAvailable":1)"));
  cluster.create(kDeployments, hitless::testing::webDeployment(3));
  cluster.runPods();
  const std::string pod = cluster.pods().front().meta.name;
  cluster.patch(kPodDisruptionBudgets, "web",
                fmt::format(R"({{"status":{{"disruptedPods":{{"{}":"{}","gone":"{}"}}}}}})", pod,
                            formatTime(cluster.clock.wall()), formatTime(cluster.clock.wall())),
                "status");
  cluster.settle();
  EXPECT_EQ(status(cluster).disruptedPods.size(), 1U);
  EXPECT_EQ(status(cluster).currentHealthy, 2);
  cluster.pass(kDisruptionTimeout + seconds(1));
  EXPECT_TRUE(status(cluster).disruptedPods.empty());
  EXPECT_EQ(status(cluster).currentHealthy, 3);
  EXPECT_THAT(cluster.eventsAbout("PodDisruptionBudget"), Contains(HasSubstr("NotDeleted: ")));
}

TEST(Disruption, WhatHasNoScaleIsProtected) {
  SimulatedCluster cluster;
  cluster.create(kPods, R"({"metadata":{"name":"p","namespace":"default","labels":{"app":"web"},
      "ownerReferences":[{"apiVersion":"example.org/v1","kind":"Robot","name":"r","uid":"u",
      "controller":true}]},"spec":{"containers":[{"name":"c","image":"x"}]}})");
  cluster.runPods();
  cluster.create(kPodDisruptionBudgets, budgetJson(R"("maxUnavailable":1)"));
  cluster.settle();
  EXPECT_EQ(status(cluster).disruptionsAllowed, 0);
  EXPECT_EQ(kube::findCondition(status(cluster).conditions, "DisruptionAllowed")->reason,
            "SyncFailed");
  EXPECT_THAT(cluster.eventsAbout("PodDisruptionBudget"),
              Contains(HasSubstr("CalculateExpectedPodCountFailed: ")));
}

TEST(Disruption, UnmanagedPodsAreSaidSo) {
  SimulatedCluster cluster;
  cluster.create(kPods, R"({"metadata":{"name":"p","namespace":"default","labels":{"app":"web"}},
      "spec":{"containers":[{"name":"c","image":"x"}]}})");
  cluster.runPods();
  cluster.create(kPodDisruptionBudgets, budgetJson(R"("minAvailable":"50%")"));
  cluster.settle();
  EXPECT_THAT(cluster.eventsAbout("PodDisruptionBudget"), Contains(HasSubstr("UnmanagedPods: ")));
  cluster.patch(kPodDisruptionBudgets, "web", R"({"spec":{"minAvailable":1}})");
  cluster.settle();
  EXPECT_EQ(status(cluster).desiredHealthy, 1);
  EXPECT_EQ(status(cluster).disruptionsAllowed, 0);
}

}  // namespace
}  // namespace hitless::control
