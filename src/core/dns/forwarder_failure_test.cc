#include "core/dns/forwarder_fixture.h"

/// What a forwarder does about upstreams that fail.
namespace hitless::dns {
namespace {

using namespace hitless::testing;

struct DnsForwarderFailure : ForwarderFixture {};

const DnsAsk kWeb{"web.example.", Type::kA, 0x1234, kFlagRecursionDesired, 1232};

TEST_F(DnsForwarderFailure, GoesToTheNextUpstreamAfterTwoSeconds) {
  start({}, 2);
  alive({2});
  const int token = ask(kWeb);
  advance(milliseconds(1999));
  EXPECT_FALSE(answerTo(token));
  EXPECT_EQ(asked(), 1U);
  advance(milliseconds(2));
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
  EXPECT_EQ(asked(), 2U);
}

TEST_F(DnsForwarderFailure, GoesToTheNextUpstreamAtOnceIfItRefusesConnections) {
  start({}, 2);
  const int token = ask(kWeb);
  refuseConnection(last());
  EXPECT_EQ(last().to, server(2));
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
}

TEST_F(DnsForwarderFailure, GivesUpBeforeTheClientDoes) {
  start({}, 3);
  const int token = ask(kWeb);
  advance(milliseconds(4499));
  EXPECT_FALSE(answerTo(token));
  EXPECT_EQ(asked(), 3U);
  advance(milliseconds(1));
  EXPECT_EQ(rcodeOf(token), Rcode::kServFail);
  EXPECT_EQ(answerTo(token)->extendedError, 22);
  // It is not cached: the next one is tried anew.
  ask(kWeb);
  EXPECT_EQ(asked(), 4U);
}

TEST_F(DnsForwarderFailure, TriesEachUpstreamTwiceAtMost) {
  start({}, 3);
  const int token = ask(kWeb);
  for (int i = 0; i < 6; ++i) {
    ASSERT_FALSE(answerTo(token));
    refuseConnection(last());
  }
  EXPECT_EQ(rcodeOf(token), Rcode::kServFail);
  EXPECT_EQ(asked(), 6U);
}

TEST_F(DnsForwarderFailure, AsksOthersAboutAnError) {
  start({}, 3);
  const int token = ask(kWeb);
  give(last(), {{}, {}, {}, Rcode::kRefused});
  EXPECT_EQ(last().to, server(2));
  give(last(), {{}, {}, {}, Rcode::kServFail});
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
  EXPECT_EQ(probes(), 0U);  // They did reply.

  const int bad = askNew();
  for (int i = 0; i < 3; ++i) {
    give(last(), {{}, {}, {}, Rcode::kServFail});
  }
  EXPECT_EQ(rcodeOf(bad), Rcode::kServFail);
  EXPECT_EQ(asked(), 6U);  // Each once.
}

TEST_F(DnsForwarderFailure, KeepsAFailureForFiveSeconds) {
  const int token = ask(kWeb);
  give(last(), {{}, {}, {}, Rcode::kServFail});
  EXPECT_EQ(rcodeOf(token), Rcode::kServFail);
  EXPECT_EQ(rcodeOf(ask(kWeb)), Rcode::kServFail);
  EXPECT_EQ(asked(), 1U);
  clock.advance(seconds(5));
  ask(kWeb);
  EXPECT_EQ(asked(), 2U);
}

TEST_F(DnsForwarderFailure, ProbesAnUpstreamOnlyWhileItFails) {
  start({}, 2);
  alive({1, 2});
  askNew();
  advance(seconds(5));
  EXPECT_EQ(probes(), 0U);

  alive({2});
  askNew();
  advance(seconds(2));
  EXPECT_EQ(probes(), 1U);  // At once; 1 s until it counts as failed, then 0.5 s.
  EXPECT_FALSE(forwarder->upstreams().isDown(server(1)));
  advance(milliseconds(2500));
  EXPECT_TRUE(forwarder->upstreams().isDown(server(1)));
  EXPECT_EQ(forwarder->upstreams().all()[0].healthcheckFailures, 2U);
  const std::size_t before = asked();
  askNew();
  advance(milliseconds(1));
  EXPECT_EQ(asked(), before + 1);  // The one that is down is passed over.

  alive({1, 2});
  advance(seconds(2));
  EXPECT_FALSE(forwarder->upstreams().isDown(server(1)));
  const std::size_t after = probes();
  advance(seconds(10));
  EXPECT_EQ(probes(), after);
}

TEST_F(DnsForwarderFailure, AsksAnyoneWhenAllAreDown) {
  start({}, 2);
  alive({});
  askNew();
  advance(seconds(8));
  ASSERT_TRUE(forwarder->upstreams().isDown(server(1)));
  ASSERT_TRUE(forwarder->upstreams().isDown(server(2)));
  const std::size_t before = asked();
  const int token = askNew();
  EXPECT_EQ(asked(), before + 1);
  EXPECT_EQ(forwarder->counters().healthcheckBroken, 1U);
  const UpstreamAddress chosen = last().to;
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
  EXPECT_FALSE(forwarder->upstreams().isDown(chosen));  // Its reply is as good as a probe's.
}

TEST_F(DnsForwarderFailure, NeverTakesUpstreamsDownIfToldSo) {
  ForwardOptions options;
  options.maxFails = 0;
  start(options, 1);
  askNew();
  advance(seconds(30));
  EXPECT_EQ(probes(), 0U);
  EXPECT_FALSE(forwarder->deadline());
}

TEST_F(DnsForwarderFailure, ForgetsProbesOfUpstreamsThatWereRemoved) {
  start({}, 2);
  const int token = ask(kWeb);
  refuseConnection(last());
  EXPECT_EQ(probes(), 1U);
  ASSERT_TRUE(forwarder->setUpstreams({{Name{}, {server(2)}}}));
  EXPECT_EQ(open.size(), 1U);  // The question to server(2) goes on.
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_TRUE(answerTo(token));
  EXPECT_FALSE(forwarder->deadline());
}

TEST_F(DnsForwarderFailure, AnswersEverybodyThoughAnUpstreamIsDeadHalfOfTheTime) {
  ForwardOptions options;
  start(options, 2, false);  // Random.
  const MonoTime begin = clock.mono();
  upstreamer = [&](const Sent& sent) -> std::optional<DnsReply> {
    const bool dead = (clock.mono() - begin) / seconds(5) % 2 == 1;
    if (sent.to == server(1) && dead) {
      return std::nullopt;
    }
    return DnsReply{{a(60, "10.0.0.1")}};
  };
  int slow = 0;
  for (int i = 0; i < 1200; ++i) {
    const int token = askNew();
    play();
    slow += answerTo(token) ? 0 : 1;
    advance(milliseconds(100));
  }
  advance(seconds(5));
  ASSERT_EQ(answers.size(), 1200U);
  for (const auto& [token, answer] : answers) {
    EXPECT_EQ(answer.rcode(), Rcode::kNoError);
  }
  // A dead upstream is found out within 2 s (timeout) + 2.5 s (two probes): of each 10 s it hurts
  // half of the questions of less than 5 s.
  EXPECT_GT(slow, 100);
  EXPECT_LT(slow, 1200 / 4);
}

TEST_F(DnsForwarderFailure, ServesEverybodyFromOneDeadAndOneLiveUpstream) {
  start({}, 2, false);
  alive({2});
  int slow = 0;
  for (int i = 0; i < 600; ++i) {
    const int token = askNew();
    play();
    slow += answerTo(token) ? 0 : 1;
    advance(milliseconds(100));
  }
  advance(seconds(5));
  EXPECT_EQ(answers.size(), 600U);
  EXPECT_LT(slow, 40);  // Only until it is known to be down: 4.5 s of 60.
}

}  // namespace
}  // namespace hitless::dns
