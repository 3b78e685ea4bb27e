#include "core/control/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::kWebService;
using hitless::testing::SimulatedCluster;
using hitless::testing::webDeployment;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ManagerOptions lagging(EndpointLag lag) {
  ManagerOptions options;
  options.endpointLag = lag;
  return options;
}

std::size_t endpointCount(const SimulatedCluster& cluster) {
  return cluster.slices().empty() ? 0 : cluster.slices()[0].endpoints.size();
}

TEST(Manager, AsksToBeWokenOnceForABurstOfChanges) {
  SimulatedCluster cluster;
  const int before = cluster.wakes;
  cluster.create(kube::res::kDeployments, webDeployment(3));
  cluster.create(kube::res::kServices, kWebService);
  EXPECT_EQ(cluster.wakes, before + 1);
  ASSERT_TRUE(cluster.nextWake());
  EXPECT_LE(*cluster.nextWake(), cluster.clock.mono());
  cluster.settle();  // Its own writes do not wake it.
  EXPECT_EQ(cluster.wakes, before + 1);
}

TEST(Manager, TakesOverWhatTheStoreHolds) {
  SimulatedCluster first;
  first.create(kube::res::kDeployments, webDeployment(2));
  first.runPods();
  const auto pods = first.pods();
  // A second manager on the same store finds nothing to do.
  const std::size_t writes = first.api.writes;
  Manager second(first.store, first.api, first.timeline, first.clock, first.rng, {}, [] {});
  second.start();
  while (second.runSome(10)) {
  }
  EXPECT_EQ(first.api.writes, writes);
  EXPECT_EQ(first.pods(), pods);
}

TEST(Manager, AConflictIsRetriedSoon) {
  SimulatedCluster cluster;
  int conflicts = 3;
  cluster.api.admission = [&](const Action& action) -> Status {
    if (std::holds_alternative<Create>(action) && conflicts > 0) {
      --conflicts;
      return fail(ErrorKind::kConflict, "the object has been modified");
    }
    return {};
  };
  cluster.create(kube::res::kDeployments, webDeployment(1));
  cluster.pass(milliseconds(40));
  EXPECT_EQ(conflicts, 0);
  EXPECT_EQ(cluster.pods().size(), 1u);
}

TEST(Manager, StockLagDelaysEndpointsAndNothingElse) {
  SimulatedCluster cluster(lagging({.delay = milliseconds(500)}));
  cluster.create(kube::res::kServices, kWebService);
  cluster.create(kube::res::kDeployments, webDeployment(1));
  cluster.pass(seconds(1));
  cluster.runPods();
  EXPECT_EQ(cluster.deployment("web").status.availableReplicas, 1);
  EXPECT_EQ(endpointCount(cluster), 0u);
  cluster.pass(milliseconds(499));
  EXPECT_EQ(endpointCount(cluster), 0u);
  cluster.pass(milliseconds(1));
  EXPECT_EQ(endpointCount(cluster), 1u);
}

TEST(Manager, StockConflictsHoldASyncThatFollowsAWriteTooSoon) {
  SimulatedCluster cluster(
      lagging({.conflictWindow = milliseconds(30), .conflictRetry = milliseconds(550)}));
  cluster.create(kube::res::kServices, kWebService);
  cluster.create(kube::res::kDeployments, webDeployment(2));
  cluster.pass(seconds(2));
  const auto pods = cluster.pods();
  cluster.startPod(pods[0]);
  cluster.settle();
  EXPECT_EQ(endpointCount(cluster), 1u);
  cluster.pass(milliseconds(10));
  cluster.startPod(pods[1]);
  cluster.pass(milliseconds(549));
  EXPECT_EQ(endpointCount(cluster), 1u);
  EXPECT_THAT(cluster.eventsAbout("Service"),
              ElementsAre(HasSubstr("the object has been modified")));
  cluster.pass(milliseconds(1));
  EXPECT_EQ(endpointCount(cluster), 2u);
}

}  // namespace
}  // namespace hitless::control
