#include "core/control/controllers/deployment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/control/controllers/deployment_status.h"
#include "testing/deployments.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::restartPatch;
using hitless::testing::SimulatedCluster;
using hitless::testing::webDeployment;
using kube::res::kDeployments;
using kube::res::kReplicaSets;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// "4=web-abc" by age: the sizes that the Deployment asks for.
std::vector<std::int64_t> sizes(const SimulatedCluster& cluster) {
  Sets sets;
  for (const kube::ReplicaSet& set : cluster.replicaSets()) {
    sets.push_back(std::make_shared<const kube::ReplicaSet>(set));
  }
  std::sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) {
    return std::stoll(a->meta.uid.substr(4)) < std::stoll(b->meta.uid.substr(4));
  });
  std::vector<std::int64_t> out;
  for (const auto& set : sets) {
    out.push_back(set->replicas);
  }
  return out;
}

/// "Available=True:MinimumReplicasAvailable", in the order in which kubectl shows them.
std::vector<std::string> conditions(const SimulatedCluster& cluster) {
  std::vector<std::string> out;
  for (const kube::Condition& c : cluster.deployment("web").status.conditions) {
    out.push_back(fmt::format("{}={}:{}", c.type, c.status, c.reason));
  }
  return out;
}

void makeOneReady(SimulatedCluster& cluster) {
  for (const kube::Pod& pod : cluster.pods()) {
    if (!pod.meta.terminating() && !pod.ready()) {
      if (pod.podIPs.empty()) {
        cluster.startPod(pod);
      }
      cluster.setReady(pod);
      cluster.settle();
      return;
    }
  }
}

TEST(Deployment, IsCreatedAsTheRecordedTraceShows) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(4));
  ASSERT_TRUE(cluster.settle());

  const kube::ReplicaSet set = cluster.replicaSets().at(0);
  EXPECT_EQ(set.replicas, 4);
  EXPECT_EQ(set.meta.annotations.at("deployment.kubernetes.io/revision"), "1");
  EXPECT_EQ(set.meta.annotations.at("deployment.kubernetes.io/desired-replicas"), "4");
  EXPECT_EQ(set.meta.annotations.at("deployment.kubernetes.io/max-replicas"), "5");
  const std::string hash = set.meta.labels.at("pod-template-hash");
  EXPECT_EQ(set.meta.name, "web-" + hash);
  EXPECT_EQ(set.selector.matchLabels.at("pod-template-hash"), hash);
  EXPECT_EQ(set.meta.owners.at(0).kind, "Deployment");
  EXPECT_EQ(cluster.pods().size(), 4u);
  EXPECT_TRUE(cluster.pods()[0].meta.name.starts_with("web-" + hash + "-"));
  EXPECT_EQ(cluster.pods()[0].meta.labels.at("pod-template-hash"), hash);

  kube::Deployment web = cluster.deployment("web");
  EXPECT_EQ(web.meta.annotations.at("deployment.kubernetes.io/revision"), "1");
  EXPECT_EQ(web.status.observedGeneration, 1);
  EXPECT_EQ(web.meta.generation, 1);  // The revision annotation does not count.
  EXPECT_EQ(web.status.unavailableReplicas, 4);
  EXPECT_THAT(conditions(cluster), ElementsAre("Available=False:MinimumReplicasUnavailable",
                                               "Progressing=True:ReplicaSetUpdated"));

  cluster.runPods();
  web = cluster.deployment("web");
  EXPECT_EQ(web.status.availableReplicas, 4);
  EXPECT_EQ(web.status.unavailableReplicas, 0);
  EXPECT_THAT(conditions(cluster), ElementsAre("Available=True:MinimumReplicasAvailable",
                                               "Progressing=True:NewReplicaSetAvailable"));
  EXPECT_EQ(web.status.conditions[1].message,
            "ReplicaSet \"web-" + hash + "\" has successfully progressed.");
  EXPECT_THAT(cluster.eventsAbout("Deployment"),
              ElementsAre("ScalingReplicaSet: Scaled up replica set web-" + hash + " from 0 to 4"));
}

TEST(Deployment, RestartMovesAsTheRecordedTraceShows) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(4));
  cluster.runPods();
  cluster.patch(kDeployments, "web", restartPatch("t1"));
  cluster.settle();
  // 25 % of 4: one more at most, one less at least. One old pod goes before any new one is ready.
  EXPECT_THAT(sizes(cluster), ElementsAre(3, 2));
  EXPECT_THAT(conditions(cluster), ElementsAre("Available=True:MinimumReplicasAvailable",
                                               "Progressing=True:ReplicaSetUpdated"));
  makeOneReady(cluster);
  EXPECT_THAT(sizes(cluster), ElementsAre(2, 3));
  makeOneReady(cluster);
  EXPECT_THAT(sizes(cluster), ElementsAre(1, 4));
  makeOneReady(cluster);
  EXPECT_THAT(sizes(cluster), ElementsAre(0, 4));
  EXPECT_THAT(conditions(cluster)[1], "Progressing=True:ReplicaSetUpdated");
  makeOneReady(cluster);
  EXPECT_THAT(conditions(cluster)[1], "Progressing=True:NewReplicaSetAvailable");

  EXPECT_EQ(cluster.deployment("web").meta.annotations.at("deployment.kubernetes.io/revision"),
            "2");
  const auto events = cluster.eventsAbout("Deployment");
  const std::string newName = [&] {
    for (const auto& set : cluster.replicaSets()) {
      if (set.replicas == 4) {
        return set.meta.name;
      }
    }
    return std::string();
  }();
  ASSERT_EQ(events.size(), 9u);
  EXPECT_EQ(events[1], "ScalingReplicaSet: Scaled up replica set " + newName + " from 0 to 1");
  EXPECT_THAT(events[2], HasSubstr("Scaled down replica set"));
  EXPECT_THAT(events[2], HasSubstr("from 4 to 3"));
  EXPECT_EQ(events[3], "ScalingReplicaSet: Scaled up replica set " + newName + " from 1 to 2");
}

TEST(Deployment, BrokenRolloutExceedsItsDeadlineAndStaysPut) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(4));
  cluster.runPods();
  cluster.patch(kDeployments, "web", R"({"spec":{"progressDeadlineSeconds":5,
      "template":{"spec":{"containers":[{"name":"c","image":"broken"}]}}}})");
  cluster.settle();
  EXPECT_THAT(sizes(cluster), ElementsAre(3, 2));
  cluster.pass(seconds(4));
  EXPECT_THAT(conditions(cluster)[1], "Progressing=True:ReplicaSetUpdated");
  cluster.pass(seconds(3));
  EXPECT_THAT(conditions(cluster)[1], "Progressing=False:ProgressDeadlineExceeded");
  EXPECT_THAT(cluster.deployment("web").status.conditions[1].message,
              HasSubstr("has timed out progressing."));
  EXPECT_THAT(sizes(cluster), ElementsAre(3, 2));
  EXPECT_EQ(cluster.deployment("web").status.unavailableReplicas, 2);
}

TEST(Deployment, UndoReusesTheOldReplicaSetUnderANewRevision) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(2));
  cluster.runPods();
  cluster.patch(kDeployments, "web", restartPatch("t1"));
  cluster.runPods();
  EXPECT_THAT(sizes(cluster), ElementsAre(0, 2));
  cluster.patch(kDeployments, "web", R"({"spec":{"template":{"metadata":{"annotations":null}}}})");
  cluster.runPods();
  EXPECT_THAT(sizes(cluster), ElementsAre(2, 0));
  EXPECT_EQ(cluster.deployment("web").meta.annotations.at("deployment.kubernetes.io/revision"),
            "3");
  for (const auto& set : cluster.replicaSets()) {
    if (set.replicas == 2) {
      EXPECT_EQ(set.meta.annotations.at("deployment.kubernetes.io/revision"), "3");
      EXPECT_EQ(set.meta.annotations.at("deployment.kubernetes.io/revision-history"), "1");
    }
  }
}

TEST(Deployment, ScalesInProportionDuringARollout) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(10, "3", "2"));
  cluster.runPods();
  cluster.patch(kDeployments, "web", restartPatch("t1"));
  cluster.settle();
  EXPECT_THAT(sizes(cluster), ElementsAre(8, 5));
  cluster.patch(kDeployments, "web", R"({"spec":{"replicas":15}})");
  cluster.settle();
  EXPECT_THAT(sizes(cluster), ElementsAre(11, 7));  // 18 allowed, 8:5 as before
  cluster.runPods();
  EXPECT_THAT(sizes(cluster), ElementsAre(0, 15));
}

TEST(Deployment, PausedScalesButDoesNotRollOut) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(2));
  cluster.runPods();
  cluster.patch(kDeployments, "web", R"({"spec":{"paused":true}})");
  cluster.patch(kDeployments, "web", restartPatch("t1"));
  cluster.patch(kDeployments, "web", R"({"spec":{"replicas":3}})");
  cluster.runPods();
  EXPECT_THAT(sizes(cluster), ElementsAre(3));
  EXPECT_THAT(conditions(cluster), Contains("Progressing=Unknown:DeploymentPaused"));
  cluster.patch(kDeployments, "web", R"({"spec":{"paused":false}})");
  cluster.runPods();
  EXPECT_THAT(sizes(cluster), ElementsAre(0, 3));
  EXPECT_THAT(conditions(cluster), Contains("Progressing=True:NewReplicaSetAvailable"));
}

TEST(Deployment, RecreateWaitsUntilTheLastOldPodIsGone) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(2));
  cluster.patch(kDeployments, "web",
                R"({"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}})");
  cluster.runPods();
  cluster.patch(kDeployments, "web", restartPatch("t1"));
  cluster.settle();
  EXPECT_THAT(sizes(cluster), ElementsAre(0));
  const auto old = cluster.pods();
  ASSERT_EQ(old.size(), 2u);
  cluster.finishPod(old[0]);
  cluster.settle();
  EXPECT_THAT(sizes(cluster), ElementsAre(0));
  cluster.finishPod(old[1]);
  cluster.settle();
  EXPECT_THAT(sizes(cluster), ElementsAre(0, 2));
}

TEST(Deployment, KeepsOnlySoManyOldReplicaSets) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(1));
  cluster.patch(kDeployments, "web", R"({"spec":{"revisionHistoryLimit":2}})");
  for (int i = 0; i < 5; ++i) {
    cluster.patch(kDeployments, "web", restartPatch(std::to_string(i)));
    cluster.runPods();
  }
  EXPECT_THAT(sizes(cluster), ElementsAre(0, 0, 1));
  EXPECT_EQ(cluster.deployment("web").meta.annotations.at("deployment.kubernetes.io/revision"),
            "5");
}

TEST(Deployment, MinReadySecondsDelaysAvailability) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(1, "1", "0", R"(,"minReadySeconds":10)"));
  cluster.runPods();
  EXPECT_EQ(cluster.deployment("web").status.readyReplicas, 1);
  EXPECT_EQ(cluster.deployment("web").status.availableReplicas, 0);
  cluster.pass(seconds(11));
  EXPECT_EQ(cluster.deployment("web").status.availableReplicas, 1);
  cluster.patch(kDeployments, "web", restartPatch("t1"));
  cluster.runPods();
  EXPECT_THAT(sizes(cluster), ElementsAre(1, 1));  // The old pod stays until the new is available.
  cluster.pass(seconds(11));
  EXPECT_THAT(sizes(cluster), ElementsAre(0, 1));
}

TEST(Deployment, AvoidsANameThatIsTaken) {
  SimulatedCluster probe;
  probe.create(kDeployments, webDeployment(1));
  probe.settle();
  const std::string name = probe.replicaSets().at(0).meta.name;

  SimulatedCluster cluster;
  cluster.create(kReplicaSets, fmt::format(R"({{"metadata":{{"name":"{}","namespace":"default"}},
      "spec":{{"replicas":0,"selector":{{"matchLabels":{{"x":"y"}}}}}}}})",
                                           name));
  cluster.create(kDeployments, webDeployment(1));
  cluster.settle();
  EXPECT_EQ(cluster.deployment("web").status.collisionCount, 1);
  EXPECT_EQ(cluster.pods().size(), 1u);
}

TEST(Deployment, ScalesToZeroAndBack) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(3));
  cluster.runPods();
  cluster.patch(kDeployments, "web", R"({"spec":{"replicas":0}})");
  cluster.runPods();
  EXPECT_TRUE(cluster.pods().empty());
  EXPECT_EQ(cluster.deployment("web").status.replicas, 0);
  EXPECT_THAT(conditions(cluster)[0], HasSubstr("=True:"));
  cluster.patch(kDeployments, "web", R"({"spec":{"replicas":2}})");
  cluster.runPods();
  EXPECT_EQ(cluster.deployment("web").status.availableReplicas, 2);
}

TEST(Deployment, AdoptsAndReleasesReplicaSetsBySelector) {
  SimulatedCluster cluster;
  cluster.create(kReplicaSets, R"({"metadata":{"name":"found","namespace":"default",
        "labels":{"app":"web"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},
        "template":{"metadata":{"labels":{"app":"web"}},"spec":{}}}})");
  cluster.create(kDeployments, webDeployment(1));
  cluster.settle();
  const auto owner = [&] {
    return kube::replicaSetOf(*cluster.get(kReplicaSets, "found")).meta.controller();
  };
  const auto found = kube::replicaSetOf(*cluster.get(kReplicaSets, "found"));
  ASSERT_NE(found.meta.controller(), nullptr);
  EXPECT_EQ(found.meta.controller()->name, "web");
  cluster.patch(kReplicaSets, "found", R"({"metadata":{"labels":{"app":"other"}}})");
  cluster.settle();
  EXPECT_EQ(owner(), nullptr);
}

TEST(Deployment, AtRestNothingIsWritten) {
  SimulatedCluster cluster;
  cluster.create(kDeployments, webDeployment(4));
  cluster.runPods();
  const std::size_t writes = cluster.api.writes;
  cluster.pass(seconds(30));
  EXPECT_EQ(cluster.api.writes, writes);
}

}  // namespace
}  // namespace hitless::control
