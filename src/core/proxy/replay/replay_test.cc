#include "core/proxy/replay/replay.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace hitless::proxy {
namespace {

using enum FailureCause;
using Why = ReplayReason;

RequestFacts post() {
  RequestFacts request;
  request.method = "POST";
  return request;
}
RequestFacts get() {
  RequestFacts request;
  request.method = "GET";
  return request;
}

/// The connection ended after all of a request of 200 bytes was written to it.
Failure ended(FailureCause cause, std::uint64_t acknowledged, bool fin) {
  return {cause, 200, acknowledged, fin, false};
}

ReplayDecision judge(const Failure& failure, const RequestFacts& request,
                     const RetryPolicy& policy = {}) {
  ReplayBudget budget;
  return decide(failure, request, policy, budget);
}

struct Case {
  std::string name;
  Failure failure;
  RequestFacts request;
  bool replay;
  ReplayReason reason;
};

class Replay : public ::testing::TestWithParam<Case> {};

TEST_P(Replay, IsDecided) {
  const ReplayDecision decision = judge(GetParam().failure, GetParam().request);
  EXPECT_EQ(decision.replay, GetParam().replay);
  EXPECT_EQ(decision.reason, GetParam().reason) << name(decision.reason);
  EXPECT_EQ(decision.replay, replays(decision.reason));
  EXPECT_TRUE(decision.avoidUpstream);
}

INSTANTIATE_TEST_SUITE_P(
    Proofs, Replay,
    ::testing::Values(
        Case{"NoConnection", {kConnectRefused}, post(), true, Why::kNeverSent},
        Case{"NoConnectionInTime", {kConnectTimeout}, post(), true, Why::kNeverSent},
        Case{"Refused", {kRefusedStream, 200}, post(), true, Why::kRefused},
        Case{"Goaway", {kAboveGoaway, 200}, post(), true, Why::kAboveGoaway},
        Case{"NotDelivered", {kNotDelivered, 200, 200}, post(), true, Why::kNotDelivered},
        Case{"NothingWritten", {kConnectionReset}, post(), true, Why::kNeverSent},
        Case{"UnacknowledgedAfterFin", ended(kConnectionEnded, 0, true), post(), true,
             Why::kNeverAcknowledged},
        Case{"UnacknowledgedAfterFinAndRst", ended(kConnectionReset, 0, true), post(), true,
             Why::kNeverAcknowledged}),
    [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(
    NoProofs, Replay,
    ::testing::Values(
        Case{"RstAlone", ended(kConnectionReset, 0, false), post(), false, Why::kMaybeProcessed},
        Case{"Acknowledged", ended(kConnectionEnded, 200, true), post(), false,
             Why::kMaybeProcessed},
        Case{"OneByteAcknowledged", ended(kConnectionReset, 1, true), post(), false,
             Why::kMaybeProcessed},
        Case{"StreamReset", {kStreamReset, 200}, post(), false, Why::kMaybeProcessed},
        Case{"AttemptTimeout", {kAttemptTimeout, 200}, post(), false, Why::kMaybeProcessed},
        Case{"Status", {kStatus, 200, 200}, post(), false, Why::kMaybeProcessed},
        Case{"LowerCaseMethod",
             ended(kConnectionReset, 0, false),
             {.method = "get"},
             false,
             Why::kMaybeProcessed}),
    [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Leave, Replay,
    ::testing::Values(
        Case{"Get", ended(kConnectionReset, 200, false), get(), true, Why::kIdempotentMethod},
        Case{"Key",
             ended(kConnectionReset, 200, false),
             {.method = "POST", .idempotencyKey = true},
             true,
             Why::kIdempotencyKey},
        Case{"GetStatus", {kStatus, 200, 200}, get(), true, Why::kStatus},
        Case{"GetTimeout", {kAttemptTimeout, 200}, get(), true, Why::kIdempotentMethod},
        Case{"GetGarbage", {kProtocolError, 200}, get(), true, Why::kIdempotentMethod}),
    [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Obstacles, Replay,
    ::testing::Values(Case{"ResponseBegun",
                           ended(kConnectionEnded, 0, true),
                           {.method = "GET", .responseBegun = true},
                           false,
                           Why::kResponseBegun},
                      Case{"UpgradeBegun",
                           ended(kConnectionEnded, 0, true),
                           {.method = "GET", .upgradeBegun = true},
                           false,
                           Why::kUpgradeBegun},
                      Case{"BodyNotKept",
                           {kConnectRefused},
                           {.method = "PUT", .bodyKept = false},
                           false,
                           Why::kBodyNotKept},
                      Case{"OutOfTime", {kRequestTimeout, 200}, get(), false, Why::kOutOfTime}),
    [](const auto& made) { return made.param.name; });

TEST(ReplayPolicy, KnowsIdempotentMethods) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    EXPECT_TRUE(idempotent(method)) << method;
  }
  for (const char* method : {"POST", "PATCH", "CONNECT", "get", ""}) {
    EXPECT_FALSE(idempotent(method)) << method;
  }
}

TEST(ReplayPolicy, MayForbidWhatIsNotCertain) {
  RetryPolicy never;
  never.idempotent = false;
  EXPECT_FALSE(judge(ended(kConnectionReset, 0, false), get(), never).replay);
  EXPECT_TRUE(judge({kConnectRefused}, get(), never).replay);
}

TEST(ReplayPolicy, CountsTries) {
  RequestFacts request = get();
  request.attempts = 2;
  EXPECT_TRUE(judge(ended(kConnectionReset, 0, false), request).replay);
  request.attempts = 3;
  const ReplayDecision last = judge(ended(kConnectionReset, 0, false), request);
  EXPECT_FALSE(last.replay);
  EXPECT_EQ(last.reason, Why::kAttemptsUsedUp);
  EXPECT_TRUE(has(last.flags, Flag::kUpstreamRetryLimitExceeded));

  RetryPolicy once;
  once.attempts = 1;
  request.attempts = 1;
  EXPECT_FALSE(judge({kConnectRefused}, request, once).replay);
  EXPECT_EQ(judge({kConnectRefused}, request, once).flags, 0U) << "there was no limit to exceed";
}

TEST(ReplayPolicy, WhatNobodyHasProcessedIsNoneOfThePolicysTries) {
  for (const FailureCause cause : {kConnectRefused, kRefusedStream, kAboveGoaway, kNotDelivered}) {
    RequestFacts request = post();
    request.attempts = 9;
    EXPECT_TRUE(judge({cause, 200}, request).replay);
    request.attempts = 10;
    EXPECT_EQ(judge({cause, 200}, request).reason, Why::kAttemptsUsedUp);
  }
}

TEST(ReplayPolicy, ADepartureIsNoneOfThePolicysTries) {
  Failure departed = ended(kConnectionEnded, 0, true);
  departed.plannedDeparture = true;
  RequestFacts request = post();
  request.attempts = 9;
  EXPECT_TRUE(judge(departed, request).replay);
  request.attempts = 10;
  EXPECT_EQ(judge(departed, request).reason, Why::kAttemptsUsedUp);
}

TEST(ReplayBudgetTest, IsAFifthOfTheActiveRequestsButThreeAtLeast) {
  const Failure failure = ended(kConnectionReset, 0, false);
  ReplayBudget budget;
  EXPECT_EQ(budget.limit(), 3U);
  for (int i = 0; i < 100; ++i) {
    budget.requestBegan();
  }
  EXPECT_EQ(budget.limit(), 20U);
  for (int i = 0; i < 20; ++i) {
    const ReplayDecision decision = decide(failure, get(), {}, budget);
    ASSERT_TRUE(decision.replay);
    ASSERT_TRUE(decision.tookBudget);
  }
  const ReplayDecision refused = decide(failure, get(), {}, budget);
  EXPECT_FALSE(refused.replay);
  EXPECT_EQ(refused.reason, Why::kBudgetUsedUp);
  EXPECT_TRUE(has(refused.flags, Flag::kUpstreamRetryLimitExceeded));
  EXPECT_EQ(budget.replays(), 20U);
  EXPECT_TRUE(decide({kNotDelivered, 200}, get(), {}, budget).replay) << "nobody processed it";
  budget.give();
  EXPECT_TRUE(decide(failure, get(), {}, budget).replay);
}

TEST(ReplayBudgetTest, APlannedDepartureCostsNothing) {
  ReplayBudget budget(20, 0);
  Failure departed{kConnectRefused};
  departed.plannedDeparture = true;
  const ReplayDecision decision = decide(departed, get(), {}, budget);
  EXPECT_TRUE(decision.replay);
  EXPECT_FALSE(decision.tookBudget);
  EXPECT_FALSE(decision.upstreamFailed);
  EXPECT_EQ(budget.replays(), 0U);
}

TEST(ReplayBlame, IsForFailuresOnly) {
  EXPECT_TRUE(judge({kConnectRefused}, get()).upstreamFailed);
  EXPECT_TRUE(judge(ended(kConnectionReset, 0, false), post()).upstreamFailed);
  EXPECT_FALSE(judge({kRefusedStream, 200}, get()).upstreamFailed);
  EXPECT_FALSE(judge({kAboveGoaway, 200}, get()).upstreamFailed);
  EXPECT_FALSE(judge({kNotDelivered, 200}, get()).upstreamFailed);
}

/// A request that does harm when it is processed twice is only sent again with a proof.
RC_GTEST_PROP(ReplayProperty, NothingIsProcessedTwice, ()) {
  Failure failure;
  failure.cause = static_cast<FailureCause>(*rc::gen::inRange(0, static_cast<int>(kStatus) + 1));
  failure.bytesWritten = *rc::gen::inRange<std::uint64_t>(0, 3);
  failure.bytesAcknowledged = *rc::gen::inRange<std::uint64_t>(0, failure.bytesWritten + 1);
  failure.peerFin = *rc::gen::arbitrary<bool>();
  failure.plannedDeparture = *rc::gen::arbitrary<bool>();
  RequestFacts request;
  request.method = *rc::gen::element<std::string_view>("GET", "POST", "PATCH", "DELETE");
  request.idempotencyKey = *rc::gen::arbitrary<bool>();
  request.bodyKept = *rc::gen::arbitrary<bool>();
  request.responseBegun = *rc::gen::arbitrary<bool>();
  request.attempts = *rc::gen::inRange<std::uint32_t>(1, 12);
  RetryPolicy policy;
  policy.idempotent = *rc::gen::arbitrary<bool>();
  const ReplayDecision decision = judge(failure, request, policy);

  RC_ASSERT(decision.replay == replays(decision.reason));
  if (!decision.replay) {
    RC_ASSERT(!decision.tookBudget);
    return;
  }
  RC_ASSERT(!request.responseBegun && request.bodyKept);
  const bool harmless = idempotent(request.method) || request.idempotencyKey;
  RC_ASSERT(isProof(decision.reason) || (harmless && policy.idempotent));
  const bool connectionGone =
      failure.cause == kConnectionEnded || failure.cause == kConnectionReset;
  if (connectionGone && isProof(decision.reason)) {
    RC_ASSERT(failure.bytesAcknowledged == 0 && (failure.peerFin || failure.bytesWritten == 0));
  }
}

TEST(ReplayWords, EveryReasonHasItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReplayReasons; ++i) {
    names.insert(name(static_cast<ReplayReason>(i)));
    EXPECT_FALSE(meaning(static_cast<ReplayReason>(i)).empty());
  }
  EXPECT_EQ(names.size(), kReplayReasons);
  EXPECT_EQ(name(Why::kBudgetUsedUp), "budget-used-up");
}

TEST(LocalAnswers, AreEnvoys) {
  const LocalAnswer cut = localAnswer(kConnectionEnded, "", false);
  EXPECT_EQ(cut.status, 503);
  EXPECT_EQ(cut.flags, Flags{} | Flag::kUpstreamConnectionTermination);
  EXPECT_EQ(cut.details, "upstream_reset_before_response_started{connection_termination}");
  EXPECT_EQ(cut.body,
            "upstream connect error or disconnect/reset before headers. reset reason: connection "
            "termination");
  EXPECT_EQ(cut.body.size(), 95U);

  const LocalAnswer refused = localAnswer(kConnectRefused, "delayed connect error: 111", false);
  EXPECT_EQ(refused.flags, Flags{} | Flag::kUpstreamConnectionFailure);
  EXPECT_EQ(refused.details,
            "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_"
            "error:_111}");
  EXPECT_EQ(refused.body.substr(refused.body.size() - 26), "delayed connect error: 111");

  EXPECT_EQ(localAnswer(kStreamReset, "", true).details,
            "upstream_reset_after_response_started{remote_reset}");
  EXPECT_EQ(localAnswer(kRequestTimeout, "", false).status, 504);
  EXPECT_EQ(localAnswer(kRequestTimeout, "", false).body, "upstream request timeout");
  EXPECT_EQ(localAnswer(kProtocolError, "", false).status, 502);
}

TEST(LocalAnswers, EveryCauseHasItsRow) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(kStatus); ++i) {
    names.insert(name(static_cast<FailureCause>(i)));
  }
  EXPECT_EQ(names.size(), 13U);
  EXPECT_EQ(name(kStatus), "status");
  EXPECT_EQ(name(kAboveGoaway), "goaway");
}

}  // namespace
}  // namespace hitless::proxy
