#include "core/kube/rollout.h"

#include <gtest/gtest.h>

namespace hitless::kube {
namespace {

RolloutStatus status(std::string_view text) {
  return rolloutStatus(parseJson(text).value().as_object());
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

}  // namespace
}  // namespace hitless::kube
