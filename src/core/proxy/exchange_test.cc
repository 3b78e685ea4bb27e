#include "core/proxy/exchange_fixture.h"

namespace hitless::proxy {
namespace {

using ::testing::ElementsAre;
using enum FailureCause;

TEST_F(ExchangeTest, ARequestAndItsResponseGoThrough) {
  begin("POST", false).data("hello", true);
  EXPECT_EQ(last().body, "hello");
  EXPECT_TRUE(last().ended);
  EXPECT_EQ(client.taken, 5u);
  last().events->response(answer(200), false);
  last().events->responseData("world", true);
  EXPECT_EQ(client.heads.front().status, 200);
  EXPECT_EQ(client.body, "world");
  EXPECT_TRUE(client.ended);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->details, "via_upstream");
  EXPECT_EQ(ended->bytesReceived, 5u);
  EXPECT_EQ(ended->bytesSent, 5u);
  EXPECT_TRUE(last().given);
}

TEST_F(ExchangeTest, TrailersGoThroughBothWays) {
  fields.add("content-type", "application/grpc");
  begin("POST", false).data("q", false);
  exchange->trailers({{"x-sum", "1"}});
  EXPECT_EQ(last().trailers, (Fields{{"x-sum", "1"}}));
  last().events->response(answer(200), false);
  last().events->responseData("a", false);
  last().events->responseTrailers({{"grpc-status", "5"}, {kNotDeliveredHeader, "1"}});
  EXPECT_EQ(client.trailers, (Fields{{"grpc-status", "5"}}));
  EXPECT_EQ(ended->grpcStatus, 5);
}

TEST_F(ExchangeTest, ARedirectionAsksNobody) {
  rule.backends.clear();
  rule.redirect = Redirect{};
  rule.redirect->scheme = "https";
  begin("GET", true);
  EXPECT_TRUE(tries.empty());
  EXPECT_EQ(client.heads.front().status, 302);
  EXPECT_EQ(ended->details, "direct_response");
}

TEST_F(ExchangeTest, ConnectIsRefused) {
  begin("CONNECT", false);
  EXPECT_EQ(client.heads.front().status, 405);
}

TEST_F(ExchangeTest, ARuleWhoseClusterIsMissingIsAnswered500) {
  rule.backends.front().cluster = "none";
  begin("GET", true);
  EXPECT_EQ(client.heads.front().status, 500);
}

// --- what is sent again ---

struct Proof {
  FailureCause cause;
  std::uint64_t written, acknowledged;
  bool fin, replayed;
};

class ExchangeProof : public ExchangeTest, public ::testing::WithParamInterface<Proof> {};

/// A POST goes to a second upstream if, and only if, the first certainly has not processed it.
TEST_P(ExchangeProof, DecidesOnAPost) {
  begin("POST", false).data("body", true);
  fail(GetParam().cause, GetParam().written, GetParam().acknowledged, GetParam().fin);
  ASSERT_EQ(tries.size(), GetParam().replayed ? 2u : 1u);
  if (!GetParam().replayed) {
    EXPECT_GE(client.heads.front().status, 502);
    EXPECT_FALSE(client.heads.front().fields.find(kNotDeliveredHeader));
    return;
  }
  EXPECT_EQ(last().body, "body");
  EXPECT_TRUE(last().ended);
  EXPECT_THAT(last().spec.avoid, ElementsAre(tries.front()->place.upstream));
  last().events->response(answer(201), true);
  EXPECT_EQ(client.heads.front().status, 201);
}

INSTANTIATE_TEST_SUITE_P(All, ExchangeProof,
                         ::testing::Values(Proof{kConnectRefused, 0, 0, false, true},
                                           Proof{kConnectTimeout, 0, 0, false, true},
                                           Proof{kRefusedStream, 9, 9, false, true},
                                           Proof{kAboveGoaway, 9, 9, false, true},
                                           Proof{kConnectionEnded, 0, 0, true, true},
                                           Proof{kConnectionEnded, 9, 0, true, true},
                                           Proof{kConnectionReset, 9, 0, true, true},
                                           Proof{kConnectionEnded, 9, 1, true, false},
                                           Proof{kConnectionReset, 9, 0, false, false},
                                           Proof{kStreamReset, 9, 9, false, false},
                                           Proof{kProtocolError, 9, 9, false, false}));

TEST_F(ExchangeTest, WhatDoesNoHarmTwiceIsSentAgainWithoutAProof) {
  begin("GET", true);
  fail(kConnectionReset);
  EXPECT_EQ(tries.size(), 2u);
}

TEST_F(ExchangeTest, TriesComeToAnEnd) {
  begin("GET", true);
  fail(kConnectionReset);
  fail(kConnectionReset);
  fail(kConnectionReset);
  EXPECT_EQ(tries.size(), 3u);
  EXPECT_EQ(client.heads.front().status, 503);
  EXPECT_TRUE(has(ended->flags, Flag::kUpstreamRetryLimitExceeded));
  EXPECT_EQ(ended->attempts, 3u);
  exchange.reset();
  EXPECT_EQ(budget.replays(), 0u);
}

TEST_F(ExchangeTest, ABodyThatIsTooLargeToKeepIsNotSentAgain) {
  begin("POST", false).data(std::string(kKeptBody, 'a'), false);
  exchange->data("b", false);
  fail(kRefusedStream);
  EXPECT_EQ(tries.size(), 1u);
  EXPECT_EQ(ended->notReplayed, ReplayReason::kBodyNotKept);
}

TEST_F(ExchangeTest, NothingIsSentAgainOnceTheClientHasSomeOfAResponse) {
  begin("GET", true);
  last().events->response(answer(200), false);
  fail(kConnectionEnded, 0, 0, true);
  EXPECT_EQ(tries.size(), 1u);
  EXPECT_THAT(client.resets, ElementsAre(StreamError::kInternal));
  ASSERT_TRUE(ended);
}

TEST_F(ExchangeTest, WhatComesWhileASecondTryConnectsIsSentWithIt) {
  begin("POST", false).data("one ", false);
  readyAtOnce = false;
  fail(kRefusedStream);
  exchange->data("two", true);
  EXPECT_FALSE(last().head);
  connect();
  EXPECT_EQ(last().body, "one two");
  EXPECT_TRUE(last().ended);
  EXPECT_EQ(client.taken, 7u);
}

TEST_F(ExchangeTest, AStatusOfThePolicyIsTriedAgainForIdempotentRequestsOnly) {
  rule.retry.statuses = {503};
  begin("POST", true);
  last().events->response(answer(503), true);
  EXPECT_EQ(tries.size(), 1u);
  EXPECT_EQ(client.heads.front().status, 503);
}

TEST_F(ExchangeTest, AnInterimResponseDoesNotForbidAnotherTry) {
  begin("POST", false);
  last().events->interim(answer(103, {{kNotDeliveredHeader, "1"}}));
  EXPECT_FALSE(client.heads.front().fields.find(kNotDeliveredHeader));
  fail(kRefusedStream);
  EXPECT_EQ(tries.size(), 2u);
}

// --- the sidecar's word ---

TEST_F(ExchangeTest, AnEdgeTakesASidecarsWordThatNothingWasDelivered) {
  begin("POST", true);
  last().events->response(answer(503, {{kNotDeliveredHeader, "1"}}), true);
  EXPECT_EQ(tries.size(), 2u);
  last().events->response(answer(200, {{kNotDeliveredHeader, "1"}}), false);
  EXPECT_EQ(tries.size(), 3u);
}

/// What is behind a sidecar is an application: it can neither have a request sent again nor say so
/// to others.
TEST_F(ExchangeTest, ASidecarTakesTheHeaderOffAndDoesNotBelieveIt) {
  context_.edge = false;
  begin("POST", true);
  last().events->response(answer(503, {{kNotDeliveredHeader, "1"}}), true);
  EXPECT_EQ(tries.size(), 1u);
  EXPECT_EQ(client.heads.front().status, 503);
  EXPECT_FALSE(client.heads.front().fields.find(kNotDeliveredHeader));
}

TEST_F(ExchangeTest, ASidecarSaysSoIfNothingWasDelivered) {
  context_.edge = false;
  readyAtOnce = false;
  begin("POST", false).cut();
  EXPECT_EQ(client.heads.front().status, 503);
  EXPECT_TRUE(client.heads.front().fields.find(kNotDeliveredHeader));
}

TEST_F(ExchangeTest, ASidecarDoesNotSaySoAfterATryThatMayHaveDelivered) {
  context_.edge = false;
  begin("GET", true);
  readyAtOnce = false;
  fail(kConnectionReset);
  exchange->cut();
  EXPECT_FALSE(client.heads.front().fields.find(kNotDeliveredHeader));
}

TEST_F(ExchangeTest, AnEdgeNeverSaysSo) {
  readyAtOnce = false;
  begin("POST", true);
  failAs(CallFailure::Kind::kNoUpstream);
  EXPECT_EQ(client.heads.front().status, 503);
  EXPECT_FALSE(client.heads.front().fields.find(kNotDeliveredHeader));
}

TEST_F(ExchangeTest, IfNobodyElseIsThereWhatHappenedAtTheFirstIsTold) {
  begin("GET", true);
  readyAtOnce = false;
  fail(kProtocolError);
  failAs(CallFailure::Kind::kNoUpstream);
  EXPECT_EQ(client.heads.front().status, 502);
}

}  // namespace
}  // namespace hitless::proxy
