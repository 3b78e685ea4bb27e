#include "core/control/controllers/stateful_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/simulated_cluster.h"
#include "testing/stateful_sets.h"

namespace hitless::control {
namespace {

using hitless::testing::dbStatefulSet;
using hitless::testing::imagePatch;
using hitless::testing::SimulatedCluster;
using kube::res::kControllerRevisions;
using kube::res::kPods;
using kube::res::kStatefulSets;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kParallel = R"(,"podManagementPolicy":"Parallel")";

std::string rolling(std::string_view fields) {
  return fmt::format(R"(,"updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{{}}}}})",
                     fields);
}

std::string imageOf(const SimulatedCluster& cluster, std::string_view pod) {
  const auto* containers = kube::findArray(*cluster.get(kPods, pod), {"spec", "containers"});
  return std::string(kube::text(containers->at(0).as_object(), {"image"}));
}

/// "db-0 Ready x:1", by name.
std::vector<std::string> pods(const SimulatedCluster& cluster) {
  std::vector<std::string> out;
  for (const kube::Pod& pod : cluster.pods()) {
    const char* state = pod.meta.terminating() ? "Terminating" : pod.ready() ? "Ready" : "Starting";
    out.push_back(fmt::format("{} {} {}", pod.meta.name, state, imageOf(cluster, pod.meta.name)));
  }
  return out;
}

kube::Pod podNamed(const SimulatedCluster& cluster, std::string_view name) {
  return kube::podOf(*cluster.get(kPods, name));
}

void bringUp(SimulatedCluster& cluster, std::string_view name) {
  cluster.startPod(podNamed(cluster, name));
  cluster.setReady(podNamed(cluster, name));
  cluster.settle();
}

void finish(SimulatedCluster& cluster, std::string_view name) {
  ASSERT_TRUE(podNamed(cluster, name).meta.terminating()) << name;
  cluster.finishPod(podNamed(cluster, name));
  cluster.settle();
}

/// A cluster in which "db" has all its pods.
struct Running : SimulatedCluster {
  explicit Running(int replicas, std::string_view spec = "") {
    create(kStatefulSets, dbStatefulSet(replicas, spec));
    runPods();
  }
};

TEST(StatefulSet, ComesUpInOrder) {
  SimulatedCluster cluster;
  cluster.create(kStatefulSets, dbStatefulSet(3));
  cluster.settle();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Starting x:1"));
  cluster.startPod(podNamed(cluster, "db-0"));
  cluster.settle();
  EXPECT_EQ(cluster.pods().size(), 1U);  // Running is not enough.
  bringUp(cluster, "db-0");
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Starting x:1"));
  bringUp(cluster, "db-1");
  bringUp(cluster, "db-2");
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Ready x:1"));
  EXPECT_THAT(cluster.eventsAbout("StatefulSet"),
              ElementsAre("SuccessfulCreate: create Pod db-0 in StatefulSet db successful",
                          "SuccessfulCreate: create Pod db-1 in StatefulSet db successful",
                          "SuccessfulCreate: create Pod db-2 in StatefulSet db successful"));
  const kube::StatefulSetStatus status = cluster.statefulSet("db").status;
  const std::string revision = cluster.revisions().at(0).meta.name;
  EXPECT_EQ(status, (kube::StatefulSetStatus{1, 3, 3, 3, 3, 3, revision, revision, 0}));
}

TEST(StatefulSet, ItsPodsHaveALastingIdentity) {
  Running cluster(2, R"(,"ordinals":{"start":5})");
  const auto object = cluster.get(kPods, "db-6");
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(kube::text(*object, {"spec", "hostname"}), "db-6");
  EXPECT_EQ(kube::text(*object, {"spec", "subdomain"}), "db");
  const kube::Pod pod = kube::podOf(*object);
  EXPECT_EQ(pod.meta.labels,
            (kube::Labels{{"app", "db"},
                          {"controller-revision-hash", cluster.revisions().at(0).meta.name},
                          {"statefulset.kubernetes.io/pod-name", "db-6"},
                          {"apps.kubernetes.io/pod-index", "6"}}));
  EXPECT_EQ(pod.meta.controller()->uid, cluster.statefulSet("db").meta.uid);
  EXPECT_EQ(cluster.get(kPods, "db-0"), nullptr);
}

TEST(StatefulSet, ClaimsTakeThePlaceOfVolumes) {
  Running cluster(1, R"(,"volumeClaimTemplates":[{"metadata":{"name":"data"}}])");
  const auto* volumes = kube::findArray(*cluster.get(kPods, "db-0"), {"spec", "volumes"});
  EXPECT_EQ(kube::json::serialize(*volumes),
            R"([{"name":"data","persistentVolumeClaim":{"claimName":"data-db-0"}},)"
            R"({"name":"tmp","emptyDir":{}}])");
}

TEST(StatefulSet, IsUpdatedAsTheRecordedTraceShows) {
  Running cluster(3);
  cluster.patch(kStatefulSets, "db", imagePatch("x:2"));
  cluster.settle();
  EXPECT_THAT(pods(cluster),
              ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Terminating x:1"));
  kube::StatefulSetStatus status = cluster.statefulSet("db").status;
  // As recorded: rep=3 rdy=3 cur=2 upd=0, and two revisions.
  EXPECT_EQ(status.replicas, 3);
  EXPECT_EQ(status.readyReplicas, 3);
  EXPECT_EQ(status.currentReplicas, 2);
  EXPECT_EQ(status.updatedReplicas, 0);
  EXPECT_NE(status.currentRevision, status.updateRevision);
  // The object must be gone; then the name comes back at once.
  cluster.pass(seconds(30));
  EXPECT_EQ(cluster.pods().size(), 3U);
  finish(cluster, "db-2");
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Starting x:2"));
  bringUp(cluster, "db-2");
  EXPECT_THAT(pods(cluster),
              ElementsAre("db-0 Ready x:1", "db-1 Terminating x:1", "db-2 Ready x:2"));
  finish(cluster, "db-1");
  bringUp(cluster, "db-1");
  finish(cluster, "db-0");
  bringUp(cluster, "db-0");
  status = cluster.statefulSet("db").status;
  EXPECT_EQ(status.currentRevision, status.updateRevision);
  EXPECT_EQ(status.currentReplicas, 3);
  EXPECT_EQ(status.updatedReplicas, 3);
  EXPECT_THAT(cluster.eventsAbout("StatefulSet"),
              Contains("SuccessfulDelete: delete Pod db-1 in StatefulSet db successful"));
}

TEST(StatefulSet, KeepsTheOldRevisionBelowThePartition) {
  Running cluster(3, rolling(R"("partition":2)"));
  cluster.patch(kStatefulSets, "db", imagePatch("x:2"));
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Ready x:2"));
  // Also a pod that is made anew.
  cluster.remove(kPods, "db-1");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Ready x:2"));
  EXPECT_EQ(cluster.statefulSet("db").status.currentReplicas, 2);
  EXPECT_EQ(cluster.statefulSet("db").status.updatedReplicas, 1);
  cluster.patch(kStatefulSets, "db",
                R"({"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}})");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:2", "db-1 Ready x:2", "db-2 Ready x:2"));
}

TEST(StatefulSet, OnDeleteWaitsForSomebodyToDelete) {
  Running cluster(2, R"(,"updateStrategy":{"type":"OnDelete"})");
  cluster.patch(kStatefulSets, "db", imagePatch("x:2"));
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1"));
  cluster.remove(kPods, "db-0");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:2", "db-1 Ready x:1"));
}

TEST(StatefulSet, ParallelComesAndGoesAtOnceButUpdatesOneByOne) {
  SimulatedCluster cluster;
  cluster.create(kStatefulSets, dbStatefulSet(3, kParallel));
  cluster.settle();
  EXPECT_EQ(cluster.pods().size(), 3U);
  cluster.runPods();
  cluster.patch(kStatefulSets, "db", imagePatch("x:2"));
  cluster.settle();
  EXPECT_THAT(pods(cluster),
              ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Terminating x:1"));
  cluster.runPods();
  cluster.patch(kStatefulSets, "db", R"({"spec":{"replicas":0}})");
  cluster.settle();
  EXPECT_THAT(pods(cluster),
              ElementsAre("db-0 Terminating x:2", "db-1 Terminating x:2", "db-2 Terminating x:2"));
}

TEST(StatefulSet, MaxUnavailableReplacesSeveral) {
  Running cluster(5, rolling(R"("maxUnavailable":"40%")"));
  cluster.patch(kStatefulSets, "db", imagePatch("x:2"));
  cluster.settle();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Ready x:1",
                                         "db-3 Terminating x:1", "db-4 Terminating x:1"));
  cluster.runPods();
  EXPECT_EQ(cluster.statefulSet("db").status.updatedReplicas, 5);
}

TEST(StatefulSet, MinReadySecondsHoldsTheNextOneBack) {
  SimulatedCluster cluster;
  cluster.create(kStatefulSets, dbStatefulSet(2, R"(,"minReadySeconds":10)"));
  cluster.settle();
  bringUp(cluster, "db-0");
  EXPECT_EQ(cluster.statefulSet("db").status.readyReplicas, 1);
  EXPECT_EQ(cluster.statefulSet("db").status.availableReplicas, 0);
  cluster.pass(seconds(9));
  EXPECT_EQ(cluster.pods().size(), 1U);
  cluster.pass(seconds(1));
  EXPECT_EQ(cluster.pods().size(), 2U);
  EXPECT_EQ(cluster.statefulSet("db").status.availableReplicas, 1);
}

TEST(StatefulSet, GoesDownInReverseOrder) {
  Running cluster(3);
  cluster.patch(kStatefulSets, "db", R"({"spec":{"replicas":1}})");
  cluster.settle();
  EXPECT_THAT(pods(cluster),
              ElementsAre("db-0 Ready x:1", "db-1 Ready x:1", "db-2 Terminating x:1"));
  finish(cluster, "db-2");
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Terminating x:1"));
  finish(cluster, "db-1");
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1"));
  EXPECT_EQ(cluster.statefulSet("db").status.replicas, 1);
}

TEST(StatefulSet, MovesWithItsFirstOrdinal) {
  Running cluster(2);
  cluster.patch(kStatefulSets, "db", R"({"spec":{"ordinals":{"start":1}}})");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-1 Ready x:1", "db-2 Ready x:1"));
}

TEST(StatefulSet, RunsAgainWhatHasEnded) {
  Running cluster(2);
  const std::string before = podNamed(cluster, "db-0").meta.uid;
  cluster.endPod(podNamed(cluster, "db-0"), "Failed");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1"));
  EXPECT_NE(podNamed(cluster, "db-0").meta.uid, before);
  EXPECT_THAT(
      cluster.eventsAbout("StatefulSet"),
      Contains("RecreatingFailedPod: StatefulSet default/db is recreating failed Pod db-0"));
}

TEST(StatefulSet, ABrokenRevisionBlocksUntilItsPodIsDeleted) {
  Running cluster(2);
  cluster.patch(kStatefulSets, "db", imagePatch("broken"));
  cluster.settle();
  finish(cluster, "db-1");
  cluster.startPod(podNamed(cluster, "db-1"));  // It never becomes ready.
  cluster.patch(kStatefulSets, "db", imagePatch("x:1"));
  cluster.pass(seconds(30));
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Starting broken"));
  cluster.remove(kPods, "db-1");
  cluster.runPods();
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1", "db-1 Ready x:1"));
}

TEST(StatefulSet, GoingBackMakesAnOldRevisionTheNewest) {
  Running cluster(1);
  cluster.patch(kStatefulSets, "db", imagePatch("x:2"));
  cluster.runPods();
  cluster.patch(kStatefulSets, "db", imagePatch("x:1"));
  cluster.runPods();
  ASSERT_EQ(cluster.revisions().size(), 2U);
  std::map<std::int64_t, std::string> images;
  for (const kube::ControllerRevision& revision : cluster.revisions()) {
    const auto podTemplate = templateOf(revision);
    ASSERT_TRUE(podTemplate);
    images[revision.revision] = kube::text(
        kube::findArray(*podTemplate, {"spec", "containers"})->at(0).as_object(), {"image"});
    EXPECT_EQ(revision.meta.annotations, (kube::Labels{{"team", "a"}}));
  }
  EXPECT_EQ(images, (std::map<std::int64_t, std::string>{{2, "x:2"}, {3, "x:1"}}));
}

TEST(StatefulSet, KeepsAsMuchHistoryAsItIsTold) {
  Running cluster(1);
  cluster.patch(kStatefulSets, "db", R"({"spec":{"revisionHistoryLimit":1}})");
  for (const char* image : {"x:2", "x:3", "x:4"}) {
    cluster.patch(kStatefulSets, "db", imagePatch(image));
    cluster.runPods();
  }
  std::vector<std::int64_t> numbers;
  for (const kube::ControllerRevision& revision : cluster.revisions()) {
    numbers.push_back(revision.revision);
  }
  EXPECT_THAT(numbers, ::testing::UnorderedElementsAre(3, 4));
}

TEST(StatefulSet, ATakenRevisionNameIsACollision) {
  Running first(1);
  const std::string name = first.revisions().at(0).meta.name;
  SimulatedCluster cluster;
  cluster.create(kControllerRevisions,
                 fmt::format(R"({{"metadata":{{"name":"{}","namespace":"default"}},"data":{{}},
                                 "revision":7}})",
                             name));
  cluster.create(kStatefulSets, dbStatefulSet(1));
  cluster.runPods();
  EXPECT_EQ(cluster.statefulSet("db").status.collisionCount, 1);
  EXPECT_NE(cluster.statefulSet("db").status.updateRevision, name);
  EXPECT_THAT(pods(cluster), ElementsAre("db-0 Ready x:1"));
}

TEST(StatefulSet, AdoptsItsOrphansAndNobodyElse) {
  SimulatedCluster cluster;
  for (const char* name : {"db-0", "db-00", "web-1"}) {
    cluster.create(kPods, fmt::format(R"({{"metadata":{{"name":"{}","namespace":"default",
        "labels":{{"app":"db"}}}},"spec":{{"nodeName":"node-1","containers":[{{"name":"c","image":"x:0"}}]}}}})",
                                      name));
  }
  cluster.create(kStatefulSets, dbStatefulSet(1, R"(,"updateStrategy":{"type":"OnDelete"})"));
  cluster.runPods();
  const kube::Pod pod = podNamed(cluster, "db-0");
  ASSERT_NE(pod.meta.controller(), nullptr);
  EXPECT_EQ(pod.meta.labels.at("apps.kubernetes.io/pod-index"), "0");
  EXPECT_EQ(podNamed(cluster, "db-00").meta.controller(), nullptr);
  EXPECT_EQ(podNamed(cluster, "web-1").meta.controller(), nullptr);
  cluster.patch(kPods, "db-0", R"({"metadata":{"labels":{"app":"other"}}})");
  cluster.settle();
  EXPECT_EQ(podNamed(cluster, "db-0").meta.controller(), nullptr);
}

TEST(StatefulSet, WaitsForANameThatSomebodyElseHolds) {
  SimulatedCluster cluster;
  cluster.create(kPods, R"({"metadata":{"name":"db-0","namespace":"default"},
      "spec":{"containers":[{"name":"c","image":"x:0"}]}})");
  cluster.create(kStatefulSets, dbStatefulSet(1));
  cluster.settle();
  EXPECT_THAT(
      cluster.eventsAbout("StatefulSet"),
      Contains(HasSubstr("FailedCreate: create Pod db-0 in StatefulSet db failed error: ")));
  cluster.remove(kPods, "db-0");
  cluster.settle();
  finish(cluster, "db-0");
  EXPECT_EQ(imageOf(cluster, "db-0"), "x:1");
}

TEST(StatefulSet, WhatEndsMakesNoPods) {
  Running cluster(2);
  cluster.remove(kStatefulSets, "db", "Foreground");
  cluster.runPods();
  EXPECT_THAT(cluster.pods(), IsEmpty());
  EXPECT_EQ(cluster.get(kStatefulSets, "db"), nullptr);
  EXPECT_THAT(cluster.revisions(), IsEmpty());
}

}  // namespace
}  // namespace hitless::control
