#include "core/control/eviction.h"

#include <gtest/gtest.h>

namespace hitless::control {
namespace {

constexpr WallTime kNow{seconds(1'000'000)};

kube::Pod pod(bool ready = true, std::string phase = "Running") {
  kube::Pod out;
  out.meta.name = "web-1";
  out.phase = std::move(phase);
  out.conditions.push_back({"Ready", ready ? "True" : "False", "", "", {}, {}});
  return out;
}

kube::PodDisruptionBudget budget(std::int64_t allowed, std::int64_t healthy, std::int64_t desired) {
  kube::PodDisruptionBudget out;
  out.meta.name = "web";
  out.meta.generation = 1;
  out.status = {1, allowed, healthy, desired, healthy, {}, {}};
  return out;
}

TEST(Eviction, IsPaidByTheBudget) {
  const auto allowed = evict(pod(), {budget(1, 4, 3)}, kNow);
  ASSERT_TRUE(allowed);
  ASSERT_TRUE(allowed->paid);
  EXPECT_EQ(allowed->paid->disruptionsAllowed, 0);
  EXPECT_EQ(allowed->paid->disruptedPods.at("web-1"), kNow);
  const auto* condition = kube::findCondition(allowed->paid->conditions, "DisruptionAllowed");
  ASSERT_NE(condition, nullptr);
  EXPECT_EQ(condition->status, "False");
  EXPECT_EQ(condition->reason, "InsufficientPods");
}

TEST(Eviction, IsRefusedAsTheRecordedServerDid) {
  const auto refused = evict(pod(), {budget(0, 3, 3)}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(kube::json::serialize(statusOf(refused.error())),
            R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
            R"("message":"Cannot evict pod as it would violate the pod's disruption budget.",)"
            R"("reason":"TooManyRequests","details":{"causes":[{"reason":"DisruptionBudget",)"
            R"("message":"The disruption budget web needs 3 healthy pods and has 3 currently"}]},)"
            R"("code":429})");
}

TEST(Eviction, WaitsUntilTheBudgetHasBeenLookedAt) {
  kube::PodDisruptionBudget unseen = budget(5, 5, 0);
  unseen.meta.generation = 2;
  const auto refused = evict(pod(), {unseen}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 429);
  EXPECT_EQ(kube::integer(*refused.error().details, {"retryAfterSeconds"}), 10);
}

TEST(Eviction, TwoBudgetsAreAnError) {
  const auto refused = evict(pod(), {budget(1, 4, 3), budget(1, 4, 3)}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 500);
  EXPECT_EQ(refused.error().message,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
            "not support.");
}

TEST(Eviction, OfAPodThatServesNobodyIsFree) {
  kube::Pod terminating = pod();
  terminating.meta.deletionTimestamp = kNow;
  for (const kube::Pod& each : {pod(true, "Pending"), pod(false, "Failed"), terminating}) {
    const auto allowed = evict(each, {budget(0, 3, 3), budget(0, 3, 3)}, kNow);
    ASSERT_TRUE(allowed) << each.phase;
    EXPECT_FALSE(allowed->paid);
  }
}

TEST(Eviction, OfAnUnhealthyPodFollowsThePolicy) {
  // IfHealthyBudget: only where the others suffice.
  EXPECT_TRUE(evict(pod(false), {budget(0, 3, 3)}, kNow));
  EXPECT_FALSE(evict(pod(false), {budget(0, 2, 3)}, kNow));
  EXPECT_FALSE(evict(pod(false), {budget(0, 0, 0)}, kNow));
  kube::PodDisruptionBudget always = budget(0, 2, 3);
  always.alwaysAllowUnhealthy = true;
  const auto allowed = evict(pod(false), {always}, kNow);
  ASSERT_TRUE(allowed);
  EXPECT_FALSE(allowed->paid);
}

TEST(Eviction, SaysWhyNothingIsKnown) {
  kube::PodDisruptionBudget lost = budget(0, 3, 0);
  lost.status.conditions.push_back(
      {"DisruptionAllowed", "False", "SyncFailed", "no scale", kNow, {}});
  const auto refused = evict(pod(), {lost}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_NE(kube::json::serialize(*refused.error().details)
                .find("does not allow evicting pods currently because it failed sync: no scale"),
            std::string::npos);
}

TEST(Eviction, AConditionKeepsItsTimeWhileItsStatusStays) {
  kube::PodDisruptionBudgetStatus status;
  setDisruptionAllowed(status, kNow);
  setDisruptionAllowed(status, kNow + seconds(5));
  EXPECT_EQ(status.conditions.at(0).lastTransitionTime, kNow);
  status.disruptionsAllowed = 1;
  setDisruptionAllowed(status, kNow + seconds(9));
  ASSERT_EQ(status.conditions.size(), 1U);
  EXPECT_EQ(status.conditions[0].lastTransitionTime, kNow + seconds(9));
}

}  // namespace
}  // namespace hitless::control
