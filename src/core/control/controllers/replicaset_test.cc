#include "core/control/controllers/replicaset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/control/controllers/pods.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::SimulatedCluster;
using kube::res::kPods;
using kube::res::kReplicaSets;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr std::string_view kSet = R"({"metadata":{"name":"web-1","namespace":"default"},
    "spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},
            "template":{"metadata":{"labels":{"app":"web","tier":"a"}},"spec":{"x":1}}}})";

kube::ReplicaSet theSet(const SimulatedCluster& cluster) {
  return kube::replicaSetOf(*cluster.get(kReplicaSets, "web-1"));
}

TEST(ReplicaSet, CreatesPodsAndCountsThem) {
  SimulatedCluster cluster;
  cluster.create(kReplicaSets, kSet);
  cluster.settle();
  ASSERT_EQ(cluster.pods().size(), 3u);
  EXPECT_EQ(cluster.pods()[0].meta.owners[0].kind, "ReplicaSet");
  EXPECT_EQ(cluster.eventsAbout("ReplicaSet").size(), 3u);
  EXPECT_THAT(cluster.eventsAbout("ReplicaSet"),
              Each(StartsWith("SuccessfulCreate: Created pod: web-1-")));
  cluster.runPods();
  const auto status = theSet(cluster).status;
  EXPECT_EQ(status.replicas, 3);
  EXPECT_EQ(status.fullyLabeledReplicas, 3);
  EXPECT_EQ(status.readyReplicas, 3);
  EXPECT_EQ(status.availableReplicas, 3);
}

TEST(ReplicaSet, ReplacesWhatFinishesOrTerminates) {
  SimulatedCluster cluster;
  cluster.create(kReplicaSets, kSet);
  cluster.runPods();
  cluster.remove(kPods, cluster.pods()[0].meta.name);
  cluster.patch(kPods, cluster.pods()[1].meta.name, R"({"status":{"phase":"Failed"}})", "status");
  cluster.settle();
  // The terminating and the failed one stay for now and do not count.
  EXPECT_EQ(cluster.pods().size(), 5u);
  EXPECT_EQ(theSet(cluster).status.replicas, 3);
}

TEST(ReplicaSet, AdoptsOrphansAndReleasesWhatLeavesItsSelector) {
  SimulatedCluster cluster;
  cluster.create(
      kPods,
      R"({"metadata":{"name":"orphan","namespace":"default","labels":{"app":"web"}},"spec":{}})");
  cluster.create(kReplicaSets, kSet);
  cluster.settle();
  EXPECT_EQ(cluster.pods().size(), 3u);
  EXPECT_EQ(theSet(cluster).status.fullyLabeledReplicas, 2);
  cluster.patch(kPods, "orphan", R"({"metadata":{"labels":{"app":"other"}}})");
  cluster.settle();
  EXPECT_EQ(cluster.pods().size(), 4u);
  EXPECT_EQ(kube::podOf(*cluster.get(kPods, "orphan")).meta.controller(), nullptr);
}

TEST(ReplicaSet, ARefusalIsToldAndRetriedWithBackOff) {
  SimulatedCluster cluster;
  int refused = 0;
  cluster.api.admission = [&](const Action& action) -> Status {
    const auto* create = std::get_if<Create>(&action);
    if (create != nullptr && create->resource == &kPods) {
      ++refused;
      return fail(ErrorKind::kPermission, "exceeded quota");
    }
    return {};
  };
  cluster.create(kReplicaSets, kSet);
  cluster.settle();
  EXPECT_EQ(refused, 1);  // One doomed request, not three.
  EXPECT_THAT(cluster.eventsAbout("ReplicaSet"),
              ElementsAre("FailedCreate: Error creating: exceeded quota"));
  cluster.pass(milliseconds(100));
  EXPECT_EQ(refused, 5);  // After 5, 10, 20, 40 ms.
  const kube::Condition failure = theSet(cluster).status.conditions.at(0);
  EXPECT_EQ(failure.type, "ReplicaFailure");
  EXPECT_EQ(failure.reason, "FailedCreate");
  EXPECT_EQ(failure.message, "exceeded quota");

  cluster.api.admission = nullptr;
  cluster.pass(seconds(1));
  EXPECT_EQ(cluster.pods().size(), 3u);
  EXPECT_TRUE(theSet(cluster).status.conditions.empty());
}

// --- which pod goes first --------------------------------------------------------------------

Ref<kube::Pod> pod(std::string name, std::function<void(kube::Pod&)> change = {}) {
  kube::Pod out;
  out.meta.name = std::move(name);
  out.meta.creationTimestamp = WallTime{} + seconds(100);
  out.nodeName = "n1";
  out.phase = "Running";
  out.conditions = {{"Ready", "True", "", "", WallTime{} + seconds(200), {}}};
  if (change) {
    change(out);
  }
  return std::make_shared<const kube::Pod>(std::move(out));
}

TEST(DeletionOrder, IsThatOfKubernetes) {
  const std::vector<Ref<kube::Pod>> pods{
      pod("plain", [](auto& p) { p.nodeName = "n2"; }),
      pod("older",
          [](auto& p) {
            p.nodeName = "n2";
            p.meta.creationTimestamp -= seconds(50);
          }),
      pod("restarted",
          [](auto& p) {
            p.nodeName = "n2";
            p.restarts = 3;
          }),
      pod("newest-ready",
          [](auto& p) {
            p.nodeName = "n2";
            p.conditions[0].lastTransitionTime = WallTime{} + seconds(300);
          }),
      pod("crowded"),
      pod("cheap",
          [](auto& p) { p.meta.annotations["controller.kubernetes.io/pod-deletion-cost"] = "-1"; }),
      pod("not-ready", [](auto& p) { p.conditions.clear(); }),
      pod("pending", [](auto& p) { p.phase = "Pending"; }),
      pod("unassigned", [](auto& p) { p.nodeName.clear(); })};
  auto siblings = pods;
  for (int i = 0; i < 5; ++i) {
    siblings.push_back(pod(fmt::format("sibling-{}", i)));
  }
  std::vector<std::string> names;
  for (const auto& each : inDeletionOrder(pods, siblings)) {
    names.push_back(each->meta.name);
  }
  EXPECT_THAT(names, ElementsAre("unassigned", "pending", "not-ready", "cheap", "crowded",
                                 "newest-ready", "restarted", "plain", "older"));
}

}  // namespace
}  // namespace hitless::control
