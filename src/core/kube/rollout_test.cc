#include "core/kube/rollout.h"

#include <gtest/gtest.h>

#include "core/kube/daemon_set.h"

namespace hitless::kube {
namespace {

RolloutStatus status(std::string_view text) {
  return rolloutStatus(res::kDeployments, parseJson(text).value().as_object());
}

TEST(RolloutStatus, FollowsKubectl) {
  EXPECT_EQ(status(R"({"metadata":{"generation":2},"status":{"observedGeneration":1}})").message,
            "the change has not been observed yet");
  EXPECT_EQ(
      status(R"({"spec":{"replicas":4},"status":{"updatedReplicas":2,"replicas":5}})").message,
      "2 of 4 new replicas have been updated");
  EXPECT_EQ(
      status(R"({"spec":{"replicas":4},"status":{"updatedReplicas":4,"replicas":5}})").message,
      "1 old replicas are pending termination");
  EXPECT_FALSE(status(R"({"spec":{"replicas":4},"status":{"updatedReplicas":4,"replicas":4,
                         "availableReplicas":3}})")
                   .complete);
  EXPECT_TRUE(status(R"({"spec":{"replicas":4},"status":{"updatedReplicas":4,"replicas":4,
                        "availableReplicas":4}})")
                  .complete);
  EXPECT_TRUE(status(R"({"status":{"conditions":[{"type":"Progressing","status":"False",
                        "reason":"ProgressDeadlineExceeded"}]}})")
                  .failed);
}

TEST(RolloutStatus, NothingWantedIsComplete) {
  EXPECT_TRUE(status(R"({"spec":{"replicas":0},"status":{}})").complete);
}

RolloutStatus setStatus(std::string_view text) {
  return rolloutStatus(res::kStatefulSets, parseJson(text).value().as_object());
}

TEST(RolloutStatus, OfAStatefulSetFollowsKubectl) {
  EXPECT_EQ(setStatus(R"({"metadata":{"generation":2},"status":{"observedGeneration":1}})").message,
            "the change has not been observed yet");
  EXPECT_EQ(setStatus(R"({"spec":{"replicas":3},"status":{"readyReplicas":2}})").message,
            "2 of 3 pods are ready");
  EXPECT_EQ(setStatus(R"({"spec":{"replicas":3},"status":{"readyReplicas":3,"updatedReplicas":1}})")
                .message,
            "1 of 3 new pods have been updated");
  EXPECT_FALSE(setStatus(R"({"spec":{"replicas":3},"status":{"readyReplicas":3,"updatedReplicas":3,
                            "currentRevision":"a","updateRevision":"b"}})")
                   .complete);
  EXPECT_TRUE(setStatus(R"({"spec":{"replicas":3},"status":{"readyReplicas":3,"updatedReplicas":3,
                           "currentRevision":"b","updateRevision":"b"}})")
                  .complete);
}

TEST(RolloutStatus, OfAStatefulSetRespectsPartitionAndOnDelete) {
  EXPECT_TRUE(setStatus(R"({"spec":{"replicas":3,"updateStrategy":{"type":"RollingUpdate",
                            "rollingUpdate":{"partition":2}}},
                           "status":{"readyReplicas":3,"updatedReplicas":1,
                                     "currentRevision":"a","updateRevision":"b"}})")
                  .complete);
  EXPECT_TRUE(setStatus(R"({"spec":{"replicas":3,"updateStrategy":{"type":"OnDelete"}},
                           "status":{"readyReplicas":3,"updatedReplicas":0}})")
                  .complete);
}

TEST(RolloutStatus, OfADaemonSetFollowsKubectl) {
  const auto of = [](std::string_view text) {
    return rolloutStatus(res::kDaemonSets, parseJson(text).value().as_object());
  };
  EXPECT_EQ(of(R"({"metadata":{"generation":1},"status":{}})").message,
            "the change has not been observed yet");
  EXPECT_EQ(of(R"({"status":{"desiredNumberScheduled":3,"updatedNumberScheduled":1}})").message,
            "1 of 3 new pods have been updated");
  EXPECT_EQ(of(R"({"status":{"desiredNumberScheduled":3,"updatedNumberScheduled":3,
                  "numberAvailable":2}})")
                .message,
            "2 of 3 updated pods are available");
  EXPECT_TRUE(of(R"({"status":{"desiredNumberScheduled":3,"updatedNumberScheduled":3,
                    "numberAvailable":3}})")
                  .complete);
}

TEST(RolloutStatus, OnlyWorkloadsRollOut) {
  EXPECT_TRUE(rollsOut(res::kStatefulSets));
  EXPECT_FALSE(rollsOut(res::kReplicaSets));
}

}  // namespace
}  // namespace hitless::kube
