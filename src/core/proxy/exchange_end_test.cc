#include "core/proxy/exchange_fixture.h"

/// How exchanges end, and how they wait.
namespace hitless::proxy {
namespace {

using ::testing::ElementsAre;
using enum FailureCause;

// --- answers of our own ---

TEST_F(ExchangeTest, AClientOfGrpcIsToldByTrailersAlone) {
  fields.add("content-type", "application/grpc");
  readyAtOnce = false;
  begin("POST", false);
  failAs(CallFailure::Kind::kOverflow);
  EXPECT_EQ(client.heads.front().status, 200);
  EXPECT_EQ(client.heads.front().fields.find("grpc-status"), "14");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(client.body, "");
}

TEST_F(ExchangeTest, AHeadIsNotAnsweredWithABody) {
  readyAtOnce = false;
  begin("HEAD", true);
  failAs(CallFailure::Kind::kNoUpstream);
  EXPECT_EQ(client.heads.front().contentLength, std::string("no healthy upstream").size());
  EXPECT_EQ(client.body, "");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(ended->bytesSent, 0u);
}

// --- back-pressure ---

TEST_F(ExchangeTest, TheUpstreamWaitsForASlowClient) {
  begin("GET", true);
  last().events->response(answer(200), false);
  client.waiting = kHighWater + 1;
  last().events->responseData("abc", false);
  EXPECT_EQ(last().taken, 0u);
  client.waiting = 0;
  exchange->drained();
  EXPECT_EQ(last().taken, 3u);
}

TEST_F(ExchangeTest, TheClientWaitsForASlowUpstream) {
  begin("POST", false);
  last().waiting = kHighWater + 1;
  exchange->data("abc", false);
  EXPECT_EQ(client.taken, 0u);
  last().waiting = 0;
  last().events->callDrained();
  EXPECT_EQ(client.taken, 3u);
  EXPECT_GT(flushes, 0);
}

// --- the end before its time ---

TEST_F(ExchangeTest, AClientThatGivesUpEndsTheTry) {
  begin("GET", true).reset(StreamError::kCancel);
  EXPECT_TRUE(last().given);
  EXPECT_TRUE(has(ended->flags, Flag::kDownstreamConnectionTermination));
  exchange->data("late", true);
  exchange->timeout();
  exchange->cut();
}

TEST_F(ExchangeTest, TheRequestsTimeIsTheLimitOfAllTries) {
  rule.timeout = seconds(2);
  begin("GET", true);
  EXPECT_EQ(wake, clock.mono() + seconds(2));
  advance(seconds(2));
  exchange->timeout();
  EXPECT_EQ(tries.size(), 1u);
  EXPECT_EQ(client.heads.front().status, 504);
}

TEST_F(ExchangeTest, ATrysTimeLeadsToAnother) {
  rule.timeout = seconds(5);
  rule.attemptTimeout = seconds(1);
  begin("GET", true);
  EXPECT_EQ(wake, clock.mono() + seconds(1));
  advance(seconds(1));
  exchange->timeout();
  ASSERT_EQ(tries.size(), 2u);
  EXPECT_TRUE(tries.front()->given);
  EXPECT_EQ(wake, clock.mono() + seconds(1));
}

/// There is no try under way then that could be blamed.
TEST_F(ExchangeTest, SilenceBetweenRoundsOfTriesLeadsToTheNextRound) {
  upstreams = 1;
  begin("GET", true);
  fail(kRefusedStream);
  ASSERT_EQ(tries.size(), 1u);
  exchange->idle();
  EXPECT_FALSE(ended);
  advance(seconds(1));
  exchange->timeout();
  EXPECT_EQ(tries.size(), 2u);
}

TEST_F(ExchangeTest, APostThatTookTooLongIsNotTriedAgain) {
  rule.attemptTimeout = seconds(1);
  begin("POST", true);
  advance(seconds(1));
  exchange->timeout();
  EXPECT_EQ(tries.size(), 1u);
  EXPECT_EQ(client.heads.front().status, 504);
}

TEST_F(ExchangeTest, WhatIsUnderWayAtTheEndIsCut) {
  begin("POST", true).cut();
  EXPECT_THAT(client.resets, ElementsAre(StreamError::kInternal));
  EXPECT_TRUE(client.heads.empty());
  EXPECT_TRUE(has(ended->flags, Flag::kLocalReset));
}

TEST_F(ExchangeTest, AnUpgradeGoesThrough) {
  begin("GET", false);
  ResponseHead accepted = answer(101);
  accepted.upgrade = "websocket";
  last().events->response(accepted, false);
  EXPECT_EQ(upgrades, 1);
  exchange->data("ping", false);
  EXPECT_EQ(last().body, "ping");
  last().events->responseData("pong", true);
  EXPECT_EQ(client.body, "pong");
  EXPECT_EQ(ended->status, 101);
}

}  // namespace
}  // namespace hitless::proxy
