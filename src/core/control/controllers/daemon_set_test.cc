#include "core/control/controllers/daemon_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/daemon_sets.h"
#include "testing/simulated_cluster.h"
#include "testing/stateful_sets.h"

namespace hitless::control {
namespace {

using hitless::testing::agentDaemonSet;
using hitless::testing::imagePatch;
using hitless::testing::SimulatedCluster;
using kube::res::kDaemonSets;
using kube::res::kNodes;
using kube::res::kPods;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string rolling(std::string_view fields) {
  return fmt::format(R"(,"updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{{}}}}})",
                     fields);
}

/// "node-1 Ready x:1"
std::vector<std::string> pods(const SimulatedCluster& cluster) {
  std::vector<std::string> out;
  for (const kube::Pod& pod : cluster.pods()) {
    const auto object = cluster.get(kPods, pod.meta.name);
    const auto* containers = kube::findArray(*object, {"spec", "containers"});
    const char* state = pod.meta.terminating() ? "Terminating" : pod.ready() ? "Ready" : "Starting";
    out.push_back(fmt::format("{} {} {}", pod.nodeName, state,
                              std::string(kube::text(containers->at(0).as_object(), {"image"}))));
  }
  return out;
}

struct Running : SimulatedCluster {
  explicit Running(std::string_view spec = "", std::string_view pod = "")
      : SimulatedCluster({}, 3) {
    create(kDaemonSets, agentDaemonSet(spec, pod));
    runPods();
  }

  void finishTerminating() {
    for (const kube::Pod& pod : pods()) {
      if (pod.meta.terminating()) {
        finishPod(pod);
      }
    }
    settle();
  }
};

TEST(DaemonSet, RunsOnePodOnEachNode) {
  Running cluster;
  EXPECT_THAT(pods(cluster),
              UnorderedElementsAre("node-1 Ready x:1", "node-2 Ready x:1", "node-3 Ready x:1"));
  EXPECT_EQ(cluster.daemonSet("agent").status,
            (kube::DaemonSetStatus{1, 3, 0, 3, 3, 3, 3, 0, std::nullopt}));
  EXPECT_THAT(cluster.eventsAbout("DaemonSet"),
              Contains(HasSubstr("SuccessfulCreate: Created pod: agent-")));
  cluster.addNode("node-4");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), Contains("node-4 Ready x:1"));
  EXPECT_EQ(cluster.daemonSet("agent").status.desiredNumberScheduled, 4);
}

TEST(DaemonSet, GoesWhereItsTemplateSays) {
  SimulatedCluster cluster({}, 3);
  cluster.patch(kNodes, "node-2", R"({"metadata":{"labels":{"disk":"ssd"}}})");
  cluster.create(kDaemonSets, agentDaemonSet("", R"(,"nodeSelector":{"disk":"ssd"})"));
  cluster.runPods();
  EXPECT_THAT(pods(cluster), UnorderedElementsAre("node-2 Ready x:1"));
  // Labels decide as long as a pod lives.
  cluster.patch(kNodes, "node-2", R"({"metadata":{"labels":{"disk":null}}})");
  cluster.patch(kNodes, "node-3", R"({"metadata":{"labels":{"disk":"ssd"}}})");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), UnorderedElementsAre("node-3 Ready x:1"));
}

TEST(DaemonSet, TaintsRepelButCordonsDoNot) {
  SimulatedCluster cluster({}, 3);
  cluster.patch(kNodes, "node-1", R"({"spec":{"unschedulable":true}})");
  cluster.patch(kNodes, "node-2", R"({"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}})");
  cluster.create(kDaemonSets, agentDaemonSet());
  cluster.runPods();
  EXPECT_THAT(pods(cluster), UnorderedElementsAre("node-1 Ready x:1", "node-3 Ready x:1"));
  // NoSchedule lets stay what is there, NoExecute does not.
  cluster.patch(kNodes, "node-3", R"({"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}})");
  cluster.runPods();
  EXPECT_EQ(cluster.daemonSet("agent").status.numberMisscheduled, 1);
  cluster.patch(kNodes, "node-3", R"({"spec":{"taints":[{"key":"a","effect":"NoExecute"}]}})");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), UnorderedElementsAre("node-1 Ready x:1"));
}

TEST(DaemonSet, ToleratesWhatEveryDaemonMust) {
  Running cluster("", R"(,"hostNetwork":true,"tolerations":[{"key":"mine","operator":"Exists"}])");
  const auto object = cluster.get(kPods, cluster.pods().front().meta.name);
  std::vector<std::string> keys;
  for (const auto& entry : *kube::findArray(*object, {"spec", "tolerations"})) {
    keys.emplace_back(kube::text(entry.as_object(), {"key"}));
  }
  EXPECT_THAT(keys, UnorderedElementsAre(
                        "mine", "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable",
                        "node.kubernetes.io/disk-pressure", "node.kubernetes.io/memory-pressure",
                        "node.kubernetes.io/pid-pressure", "node.kubernetes.io/unschedulable",
                        "node.kubernetes.io/network-unavailable"));
}

TEST(DaemonSet, ReplacesOneAfterTheOther) {
  Running cluster;
  cluster.patch(kDaemonSets, "agent", imagePatch("x:2"));
  cluster.settle();
  EXPECT_THAT(pods(cluster), UnorderedElementsAre("node-1 Terminating x:1", "node-2 Ready x:1",
                                                  "node-3 Ready x:1"));
  cluster.finishTerminating();
  EXPECT_THAT(pods(cluster),
              UnorderedElementsAre("node-1 Starting x:2", "node-2 Ready x:1", "node-3 Ready x:1"));
  EXPECT_EQ(cluster.daemonSet("agent").status.numberUnavailable, 1);
  cluster.runPods();
  EXPECT_EQ(cluster.daemonSet("agent").status.updatedNumberScheduled, 3);
  EXPECT_EQ(cluster.revisions().size(), 2U);
}

TEST(DaemonSet, MaxUnavailableReplacesSeveral) {
  Running cluster(rolling(R"("maxUnavailable":"50%")"));
  cluster.patch(kDaemonSets, "agent", imagePatch("x:2"));
  cluster.settle();
  std::int64_t terminating = 0;
  for (const kube::Pod& pod : cluster.pods()) {
    terminating += pod.meta.terminating() ? 1 : 0;
  }
  EXPECT_EQ(terminating, 2);
}

TEST(DaemonSet, MaxSurgeBringsTheNewOneFirst) {
  Running cluster(rolling(R"("maxSurge":1,"maxUnavailable":0)"));
  cluster.patch(kDaemonSets, "agent", imagePatch("x:2"));
  cluster.settle();
  EXPECT_THAT(pods(cluster), UnorderedElementsAre("node-1 Ready x:1", "node-1 Starting x:2",
                                                  "node-2 Ready x:1", "node-3 Ready x:1"));
  for (const kube::Pod& pod : cluster.pods()) {
    if (!pod.ready()) {
      cluster.startPod(pod);
      cluster.setReady(pod);
    }
  }
  cluster.settle();
  EXPECT_THAT(pods(cluster), UnorderedElementsAre("node-1 Terminating x:1", "node-1 Ready x:2",
                                                  "node-2 Ready x:1", "node-3 Ready x:1"));
  cluster.runPods();
  EXPECT_THAT(pods(cluster),
              UnorderedElementsAre("node-1 Ready x:2", "node-2 Ready x:2", "node-3 Ready x:2"));
}

TEST(DaemonSet, OnDeleteWaitsForSomebodyToDelete) {
  Running cluster(R"(,"updateStrategy":{"type":"OnDelete"})");
  cluster.patch(kDaemonSets, "agent", imagePatch("x:2"));
  cluster.runPods();
  EXPECT_THAT(pods(cluster), Contains("node-1 Ready x:1"));
  for (const kube::Pod& pod : cluster.pods()) {
    if (pod.nodeName == "node-1") {
      cluster.remove(kPods, pod.meta.name);
    }
  }
  cluster.runPods();
  EXPECT_THAT(pods(cluster),
              UnorderedElementsAre("node-1 Ready x:2", "node-2 Ready x:1", "node-3 Ready x:1"));
}

TEST(DaemonSet, MinReadySecondsHoldsTheNextOneBack) {
  Running cluster(R"(,"minReadySeconds":10)");
  cluster.pass(seconds(10));
  EXPECT_EQ(cluster.daemonSet("agent").status.numberAvailable, 3);
  cluster.patch(kDaemonSets, "agent", imagePatch("x:2"));
  cluster.runPods();
  EXPECT_EQ(cluster.daemonSet("agent").status.updatedNumberScheduled, 1);
  cluster.pass(seconds(10));
  cluster.runPods();
  EXPECT_EQ(cluster.daemonSet("agent").status.updatedNumberScheduled, 2);
}

TEST(DaemonSet, RunsAgainWhatHasFailed) {
  Running cluster;
  const kube::Pod failed = cluster.pods().front();
  cluster.endPod(failed, "Failed");
  cluster.runPods();
  EXPECT_EQ(cluster.get(kPods, failed.meta.name), nullptr);
  EXPECT_EQ(cluster.daemonSet("agent").status.numberReady, 3);
  EXPECT_THAT(cluster.eventsAbout("DaemonSet"),
              Contains(HasSubstr("FailedDaemonPod: Found failed daemon pod default/agent-")));
}

TEST(DaemonSet, WhatEndsMakesNoPods) {
  Running cluster;
  cluster.remove(kDaemonSets, "agent", "Foreground");
  cluster.runPods();
  EXPECT_THAT(cluster.pods(), IsEmpty());
  EXPECT_EQ(cluster.get(kDaemonSets, "agent"), nullptr);
}

}  // namespace
}  // namespace hitless::control
