#include "core/control/controllers/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/control/controllers/job_pods.h"
#include "core/control/controllers/pods.h"
#include "testing/jobs.h"
#include "testing/simulated_cluster.h"

namespace hitless::control {
namespace {

using hitless::testing::SimulatedCluster;
using kube::res::kJobs;
using kube::res::kPods;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Jobs : SimulatedCluster {
  explicit Jobs(std::string_view spec, std::string_view restartPolicy = "Never")
      : SimulatedCluster(patient()) {
    create(kJobs, hitless::testing::job(spec, restartPolicy));
    settle();
  }

  static ManagerOptions patient() {
    ManagerOptions options;
    options.nodeMonitorGracePeriod = std::chrono::hours(1000);  // Nodes are not what is tested.
    return options;
  }

  std::vector<kube::Pod> active() const {
    std::vector<kube::Pod> out;
    for (const kube::Pod& pod : pods()) {
      if (isActive(pod)) {
        out.push_back(pod);
      }
    }
    return out;
  }

  /// Starts and ends the first active pod.
  void endOne(std::string_view phase) {
    const kube::Pod pod = active().at(0);
    if (pod.podIPs.empty()) {
      startPod(pod);
    }
    endPod(pod, phase);
    settle();
  }

  void finishTerminating() {
    for (const kube::Pod& pod : pods()) {
      if (pod.meta.terminating()) {
        finishPod(pod);
      }
    }
    settle();
  }

  /// "Complete:CompletionsReached" of the conditions that are True, in order.
  std::vector<std::string> conditions() const {
    std::vector<std::string> out;
    for (const kube::Condition& condition : job("j").status.conditions) {
      if (condition.status == "True") {
        out.push_back(condition.type + ":" + condition.reason);
      }
    }
    return out;
  }
};

TEST(Job, IsCompleteWhenItsPodHasSucceeded) {
  Jobs cluster(R"(,"completions":1,"parallelism":1)");
  ASSERT_EQ(cluster.active().size(), 1U);
  EXPECT_EQ(cluster.job("j").status.active, 1);
  EXPECT_THAT(cluster.active()[0].meta.finalizers, ElementsAre(std::string(kTrackingFinalizer)));
  cluster.endOne("Succeeded");
  const kube::JobStatus status = cluster.job("j").status;
  EXPECT_EQ(status.succeeded, 1);
  EXPECT_EQ(status.active, 0);
  EXPECT_TRUE(status.completionTime);
  EXPECT_TRUE(status.uncountedSucceeded.empty());
  EXPECT_THAT(cluster.conditions(),
              ElementsAre("SuccessCriteriaMet:CompletionsReached", "Complete:CompletionsReached"));
  EXPECT_THAT(cluster.pods().at(0).meta.finalizers, IsEmpty());
  EXPECT_THAT(
      cluster.eventsAbout("Job"),
      ElementsAre(HasSubstr("SuccessfulCreate: Created pod: j-"), "Completed: Job completed"));
  cluster.pass(std::chrono::hours(1));
  EXPECT_EQ(cluster.pods().size(), 1U);
}

TEST(Job, KeepsAsManyRunningAsItMay) {
  Jobs cluster(R"(,"completions":5,"parallelism":2)");
  std::size_t most = 0;
  for (int i = 0; i < 5; ++i) {
    most = std::max(most, cluster.active().size());
    cluster.endOne("Succeeded");
  }
  EXPECT_EQ(most, 2U);
  EXPECT_EQ(cluster.job("j").status.succeeded, 5);
  EXPECT_EQ(cluster.pods().size(), 5U);
  EXPECT_THAT(cluster.conditions(), Contains("Complete:CompletionsReached"));
}

TEST(Job, AWorkQueueEndsWithItsWorkers) {
  Jobs cluster(R"(,"parallelism":3)");
  EXPECT_EQ(cluster.active().size(), 3U);
  cluster.endOne("Succeeded");
  EXPECT_EQ(cluster.active().size(), 2U);  // One knows that the work is done: no new ones.
  cluster.endOne("Succeeded");
  EXPECT_THAT(cluster.conditions(), IsEmpty());
  cluster.endOne("Succeeded");
  EXPECT_THAT(cluster.conditions(), Contains("Complete:CompletionsReached"));
}

TEST(Job, BacksOffAsRecorded) {
  // trace-job.txt: at once after the first failure, then 10 s after the creation before.
  Jobs cluster(R"(,"completions":1,"backoffLimit":3)");
  cluster.endOne("Failed");
  EXPECT_EQ(cluster.active().size(), 1U);
  cluster.pass(seconds(4));
  cluster.endOne("Failed");
  EXPECT_EQ(cluster.active().size(), 0U);
  cluster.pass(seconds(5));
  EXPECT_EQ(cluster.active().size(), 0U);
  cluster.pass(seconds(1));
  EXPECT_EQ(cluster.active().size(), 1U);
  cluster.endOne("Failed");
  cluster.pass(seconds(19));
  EXPECT_EQ(cluster.active().size(), 0U);
  cluster.pass(seconds(1));
  EXPECT_EQ(cluster.active().size(), 1U);
  EXPECT_EQ(cluster.job("j").status.failed, 3);
}

TEST(Job, FailsBeyondItsBackoffLimit) {
  Jobs cluster(R"(,"completions":1,"backoffLimit":1)");
  cluster.endOne("Failed");
  EXPECT_THAT(cluster.conditions(), IsEmpty());
  cluster.endOne("Failed");
  EXPECT_THAT(cluster.conditions(),
              ElementsAre("FailureTarget:BackoffLimitExceeded", "Failed:BackoffLimitExceeded"));
  EXPECT_THAT(cluster.eventsAbout("Job"),
              Contains("BackoffLimitExceeded: Job has reached the specified backoff limit"));
  cluster.pass(std::chrono::hours(1));
  EXPECT_EQ(cluster.pods().size(), 2U);
}

TEST(Job, RestartsInPlaceCountAsFailures) {
  Jobs cluster(R"(,"completions":1,"backoffLimit":2)", "OnFailure");
  const kube::Pod pod = cluster.active().at(0);
  cluster.startPod(pod);
  cluster.patch(kPods, pod.meta.name,
                R"({"status":{"containerStatuses":[{"name":"c","restartCount":2}]}})", "status");
  cluster.settle();
  EXPECT_THAT(cluster.conditions(), ElementsAre("FailureTarget:BackoffLimitExceeded"));
  ASSERT_TRUE(cluster.pods().at(0).meta.terminating());
  cluster.finishTerminating();
  EXPECT_THAT(cluster.conditions(), Contains("Failed:BackoffLimitExceeded"));
  EXPECT_THAT(cluster.pods(), IsEmpty());
}

TEST(Job, IsCutOffAtItsDeadline) {
  Jobs cluster(R"(,"completions":1,"activeDeadlineSeconds":30)");
  cluster.startPod(cluster.active().at(0));
  cluster.pass(seconds(29));
  EXPECT_EQ(cluster.active().size(), 1U);
  cluster.pass(seconds(2));
  EXPECT_THAT(cluster.active(), IsEmpty());
  cluster.finishTerminating();
  EXPECT_THAT(cluster.conditions(), Contains("Failed:DeadlineExceeded"));
  EXPECT_EQ(cluster.job("j").status.failed, 1);
}

TEST(Job, IsDeletedWhenItsTimeToLiveIsOver) {
  Jobs cluster(R"(,"completions":1,"ttlSecondsAfterFinished":60)");
  cluster.endOne("Succeeded");
  cluster.pass(seconds(59));
  EXPECT_NE(cluster.get(kJobs, "j"), nullptr);
  cluster.pass(seconds(2));
  EXPECT_EQ(cluster.get(kJobs, "j"), nullptr);
  EXPECT_THAT(cluster.pods(), IsEmpty());
}

TEST(Job, SuspendedHasNoPodsAndNoDeadline) {
  Jobs cluster(R"(,"completions":2,"parallelism":2,"suspend":true,"activeDeadlineSeconds":10)");
  EXPECT_THAT(cluster.pods(), IsEmpty());
  EXPECT_THAT(cluster.conditions(), ElementsAre("Suspended:JobSuspended"));
  cluster.pass(seconds(60));
  cluster.patch(kJobs, "j", R"({"spec":{"suspend":false}})");
  cluster.settle();
  EXPECT_EQ(cluster.active().size(), 2U);
  EXPECT_THAT(cluster.conditions(), IsEmpty());
  EXPECT_TRUE(cluster.job("j").status.startTime);
  cluster.patch(kJobs, "j", R"({"spec":{"suspend":true}})");
  cluster.settle();
  cluster.finishTerminating();
  EXPECT_THAT(cluster.pods(), IsEmpty());
  EXPECT_EQ(cluster.job("j").status.failed, 0);
  EXPECT_THAT(cluster.eventsAbout("Job"), Contains("Resumed: Job resumed"));
}

TEST(Job, IndexedGivesEachPodItsNumber) {
  Jobs cluster(R"(,"completions":3,"parallelism":2,"completionMode":"Indexed")");
  ASSERT_EQ(cluster.active().size(), 2U);
  const auto object = cluster.get(kPods, cluster.active()[1].meta.name);
  EXPECT_EQ(kube::text(*object, {"spec", "hostname"}), "j-1");
  EXPECT_EQ(indexOf(kube::podOf(*object)), 1);
  EXPECT_NE(kube::json::serialize(*object).find("JOB_COMPLETION_INDEX"), std::string::npos);
  cluster.endOne("Failed");  // Index 0 comes again.
  std::vector<std::int64_t> indexes;
  for (const kube::Pod& pod : cluster.active()) {
    indexes.push_back(indexOf(pod).value_or(-1));
  }
  EXPECT_THAT(indexes, ::testing::UnorderedElementsAre(0, 1));
  cluster.endOne("Succeeded");
  EXPECT_EQ(cluster.job("j").status.completedIndexes, "0");
  cluster.endOne("Succeeded");
  cluster.endOne("Succeeded");
  EXPECT_EQ(cluster.job("j").status.completedIndexes, "0-2");
  EXPECT_EQ(cluster.job("j").status.succeeded, 3);
  EXPECT_THAT(cluster.conditions(), Contains("Complete:CompletionsReached"));
}

TEST(Job, ADeletedPodIsReplaced) {
  Jobs cluster(R"(,"completions":1)");
  cluster.startPod(cluster.active().at(0));
  cluster.remove(kPods, cluster.active().at(0).meta.name);
  cluster.settle();
  EXPECT_EQ(cluster.active().size(), 1U);
  EXPECT_EQ(cluster.job("j").status.failed, 1);
  cluster.finishTerminating();
  EXPECT_EQ(cluster.pods().size(), 1U);
  // A success counts although its pod is deleted.
  cluster.endOne("Succeeded");
  cluster.remove(kPods, cluster.pods().at(0).meta.name);
  cluster.settle();
  EXPECT_EQ(cluster.job("j").status.succeeded, 1);
}

TEST(Job, LetsItsPodsGoWithIt) {
  Jobs cluster(R"(,"completions":1)");
  cluster.startPod(cluster.active().at(0));
  cluster.remove(kJobs, "j");
  cluster.settle();
  ASSERT_EQ(cluster.pods().size(), 1U);
  cluster.finishTerminating();
  EXPECT_THAT(cluster.pods(), IsEmpty());
}

TEST(JobIndexes, AreWrittenAsRanges) {
  EXPECT_EQ(kube::textOf({}), "");
  EXPECT_EQ(kube::textOf({0, 1, 2, 4, 6, 7}), "0-2,4,6,7");
  EXPECT_EQ(kube::indexesOf("0-2,4,6,7", 10), (kube::Indexes{0, 1, 2, 4, 6, 7}));
  EXPECT_EQ(kube::indexesOf("8-99999999999,x,-3,5-2", 10), (kube::Indexes{8, 9}));
}

}  // namespace
}  // namespace hitless::control
