#include "core/dns/forwarder.h"

#include <set>

#include "core/dns/forwarder_fixture.h"

namespace hitless::dns {
namespace {

using namespace hitless::testing;

struct DnsForwarder : ForwarderFixture {};

const DnsAsk kWeb{"web.example."};
const DnsAsk kWebEdns{"web.example.", Type::kA, 0x1234, kFlagRecursionDesired, 1232};

TEST_F(DnsForwarder, AsksAnUpstreamAndCachesItsReply) {
  const int first = ask({"Web.example.", Type::kA, 0x0102});
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(last().to, server(1));
  EXPECT_EQ(last().via, Transport::kUdp);
  EXPECT_FALSE(answerTo(first));
  EXPECT_TRUE(give(last(), {{a(60, "10.0.0.1")}}));
  ASSERT_TRUE(answerTo(first));
  EXPECT_EQ(answerTo(first)->id, 0x0102);
  EXPECT_EQ(answerTo(first)->question, std::string("\3Web\7example\0", 13));
  EXPECT_FALSE(answerTo(first)->opt);

  const int second = ask({"weB.example.", Type::kA, 0x0304});
  ASSERT_TRUE(answerTo(second));
  EXPECT_EQ(answerTo(second)->id, 0x0304);
  EXPECT_EQ(asked(), 1U);
  EXPECT_FALSE(forwarder->deadline());
}

TEST_F(DnsForwarder, SendsItsOwnOptAndRandomIds) {
  std::set<std::uint16_t> ids;
  for (int i = 0; i < 50; ++i) {
    ask({"n" + std::to_string(i) + ".example."});
    ids.insert(readU16(last().message, 0));
  }
  EXPECT_GT(ids.size(), 45U);
  ask({"Web.example.", Type::kA, 0x1234, kFlagRecursionDesired | kFlagCheckingDisabled, 4096,
       true});
  Query query;
  ASSERT_EQ(parseQuery(last().message, query), QueryFault::kNone);
  ASSERT_TRUE(query.edns);
  EXPECT_EQ(query.edns->payload, 1232);
  EXPECT_TRUE(query.edns->dnssecOk);
  EXPECT_TRUE(query.recursionDesired);
  EXPECT_TRUE(query.checkingDisabled);
  EXPECT_TRUE(query.authenticData);
  EXPECT_EQ(query.question.asked[1], 'W');
}

TEST_F(DnsForwarder, AsksOnceForAllWhoWait) {
  const int first = ask({"web.example.", Type::kA, 1});
  const int second = ask({"WEB.example.", Type::kA, 2, kFlagRecursionDesired, 1232});
  const int third = ask({"web.example.", Type::kA, 3}, Transport::kTcp);
  const int other = ask({"web.example.", Type::kAaaa, 4});
  const int dnssec = ask({"web.example.", Type::kA, 5, kFlagRecursionDesired, 1232, true});
  EXPECT_EQ(asked(), 3U);
  EXPECT_EQ(forwarder->counters().joined, 2U);
  EXPECT_EQ(forwarder->waiting(), 5U);
  DnsReply many;
  many.answers.assign(100, a(60, "10.0.0.1"));
  give(open[0], many);
  EXPECT_EQ(answerTo(first)->id, 1);
  EXPECT_TRUE(answerTo(first)->truncated());
  EXPECT_LE(answerTo(first)->size, 512U);
  EXPECT_EQ(answerTo(second)->question[1], 'W');
  EXPECT_TRUE(answerTo(second)->opt);
  EXPECT_GT(answerTo(second)->size, 1200U);
  EXPECT_FALSE(answerTo(third)->truncated());
  EXPECT_EQ(answerTo(third)->counts[0], 100);
  EXPECT_FALSE(answerTo(other));
  EXPECT_FALSE(answerTo(dnssec));
  EXPECT_EQ(forwarder->waiting(), 2U);
}

TEST_F(DnsForwarder, IgnoresRepliesThatAreNotToItsQuestion) {
  const int token = ask(kWeb);
  const Bytes good = reply(last().message, {{a(60, "10.0.0.1")}});
  Bytes wrongId = good;
  wrongId[0] ^= 1;
  EXPECT_FALSE(give(last(), wrongId));
  Bytes wrongCase = good;
  wrongCase[13] ^= 0x20;
  EXPECT_FALSE(give(last(), wrongCase));
  Bytes wrongType = good;
  wrongType[kHeaderSize + 14] = 28;
  EXPECT_FALSE(give(last(), wrongType));
  EXPECT_FALSE(give(last(), Bytes{}));
  EXPECT_EQ(forwarder->counters().drops, 4U);
  EXPECT_FALSE(answerTo(token));
  EXPECT_TRUE(give(last(), good));
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
  EXPECT_TRUE(forwarder->onReply(ExchangeId{1}, good, clock.mono()));  // Once more: long over.
}

TEST_F(DnsForwarder, TakesUnreadableRepliesForFailures) {
  start({}, 2);
  const int token = ask(kWeb);
  Bytes cut = reply(last().message, {{a(60, "10.0.0.1")}});
  cut.pop_back();
  EXPECT_TRUE(give(last(), cut));
  EXPECT_EQ(last().to, server(2));
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
}

TEST_F(DnsForwarder, AsksAgainByTcpForWhatIsTruncated) {
  const int token = ask(kWeb);
  give(last(), {{a(60, "10.0.0.1")}, {}, {}, Rcode::kNoError, kFlagTruncated});
  EXPECT_FALSE(answerTo(token));
  EXPECT_EQ(last().via, Transport::kTcp);
  EXPECT_EQ(last().to, server(1));
  DnsReply many;
  many.answers.assign(200, a(60, "10.0.0.1"));
  give(last(), many);
  EXPECT_TRUE(answerTo(token)->truncated());  // It asked by UDP, without EDNS.
  const int byTcp = ask(kWeb, Transport::kTcp);
  EXPECT_FALSE(answerTo(byTcp)->truncated());
  EXPECT_EQ(answerTo(byTcp)->counts[0], 200);
}

TEST_F(DnsForwarder, PassesOnATruncatedReplyIfTcpFails) {
  const int token = ask(kWeb);
  for (int i = 0; i < 2; ++i) {
    give(last(), {{a(60, "10.0.0.1")}, {}, {}, Rcode::kNoError, kFlagTruncated});
    ASSERT_EQ(last().via, Transport::kTcp);
    refuseConnection(last());
  }
  ASSERT_TRUE(answerTo(token));
  EXPECT_TRUE(answerTo(token)->truncated());
  ask(kWeb);
  EXPECT_EQ(last().via, Transport::kUdp);  // It was not cached.
}

TEST_F(DnsForwarder, AsksServersThatKnowNoEdnsWithoutIt) {
  const int token = ask(kWebEdns);
  EXPECT_TRUE(last().hasEdns());
  give(last(), {{}, {}, {}, Rcode::kFormErr});
  EXPECT_FALSE(last().hasEdns());
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
  EXPECT_TRUE(answerTo(token)->opt);
  ask({"other.example."});
  EXPECT_FALSE(last().hasEdns());  // Remembered, for a while.
  give(last(), {{a(60, "10.0.0.1")}});
  clock.advance(seconds(901));
  ask({"third.example."});
  EXPECT_TRUE(last().hasEdns());
}

TEST_F(DnsForwarder, UnderstandsABareHeaderAsNoEdns) {
  const int token = ask(kWeb);
  Bytes bare(last().message.begin(), last().message.begin() + 12);
  bare[2] = 0x80;
  bare[3] = 1;
  bare[5] = 0;
  bare[11] = 0;
  EXPECT_TRUE(give(last(), bare));
  EXPECT_FALSE(last().hasEdns());
  EXPECT_FALSE(give(last(), bare));  // Now it says nothing.
  give(last(), {{}, {}, {}, Rcode::kFormErr});
  EXPECT_EQ(rcodeOf(token), Rcode::kFormErr);  // So it was the question.
  ask({"other.example."});
  EXPECT_TRUE(last().hasEdns());
}

TEST_F(DnsForwarder, RefusesWhatCannotBeForwarded) {
  EXPECT_EQ(rcodeOf(ask({"a.", Type::kAxfr})), Rcode::kRefused);
  EXPECT_EQ(rcodeOf(ask({"a.", static_cast<Type>(249)})), Rcode::kRefused);
  EXPECT_EQ(rcodeOf(ask({"version.bind.", Type::kTxt, 1, 0, -1, false, 3})), Rcode::kRefused);
  EXPECT_TRUE(open.empty());
  ask({"a.", Type::kAny});
  EXPECT_EQ(open.size(), 1U);
}

TEST_F(DnsForwarder, BoundsHowManyWait) {
  ForwardOptions options;
  options.maxConcurrent = 2;
  start(options);
  ask({"a.", Type::kA, 1});
  ask({"a.", Type::kA, 2});
  EXPECT_EQ(rcodeOf(ask({"a.", Type::kA, 3})), Rcode::kRefused);
  EXPECT_EQ(forwarder->counters().maxConcurrentRejects, 1U);
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_EQ(rcodeOf(ask({"a.", Type::kA, 3})), Rcode::kNoError);
}

TEST_F(DnsForwarder, AsksStubDomainsUpstreams) {
  ASSERT_TRUE(forwarder->setUpstreams(
      {{Name{}, {server(1)}}, {*Name::parse("corp.example"), {server(7)}}}));
  ask({"Host.CORP.example."});
  EXPECT_EQ(last().to, server(7));
  ask({"corp.example.org."});
  EXPECT_EQ(last().to, server(1));
}

TEST_F(DnsForwarder, HasNobodyToAskWithoutUpstreams) {
  useServers(0);
  const int token = ask(kWebEdns);
  EXPECT_EQ(rcodeOf(token), Rcode::kServFail);
  EXPECT_EQ(answerTo(token)->extendedError, 14);
  useServers(1);
  ask(kWeb);
  EXPECT_EQ(open.size(), 1U);
}

TEST_F(DnsForwarder, GoesOnWhenUpstreamsAreReplaced) {
  start({}, 2);
  const int token = ask(kWeb);
  ASSERT_TRUE(forwarder->setUpstreams({{Name{}, {server(5)}}}));
  refuseConnection(last());
  EXPECT_EQ(last().to, server(2));
  EXPECT_EQ(probes(), 0U);  // server(1) is nothing to us any more.
  give(last(), {{a(60, "10.0.0.1")}});
  EXPECT_EQ(rcodeOf(token), Rcode::kNoError);
  ask({"other.example."});
  EXPECT_EQ(last().to, server(5));
}

TEST_F(DnsForwarder, DoesNotAskItselfInCircles) {
  // An upstream that asks us what we ask it: the question is on its way already.
  upstreamer = [&](const Sent& sent) -> std::optional<DnsReply> {
    if (!sent.isProbe() && tokens < 100) {
      ask({"web.example.", Type::kA, 9, kFlagRecursionDesired});
    }
    return std::nullopt;
  };
  const int token = ask(kWeb);
  advance(seconds(6));
  EXPECT_LE(asked(), 2U);
  EXPECT_EQ(rcodeOf(token), Rcode::kServFail);
  EXPECT_EQ(answers.size(), static_cast<std::size_t>(tokens));
}

TEST_F(DnsForwarder, StopsCleanly) {
  ask(kWeb);
  ask({"other.example."});
  forwarder->stop();
  EXPECT_TRUE(open.empty());
  EXPECT_FALSE(forwarder->deadline());
  EXPECT_EQ(forwarder->waiting(), 0U);
}

}  // namespace
}  // namespace hitless::dns
