#include "core/dns/kept_reply.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "testing/dns_messages.h"

namespace hitless::dns {
namespace {

using namespace hitless::testing;

KeptReply kept(const Bytes& packet) {
  return {packet, *summarize(packet)};
}

Bytes written(const KeptReply& reply, const Asker& asker, std::optional<std::uint32_t> ttl = 7,
              ExtendedError why = ExtendedError::kNone) {
  Bytes out(kMaxMessage);
  out.resize(reply.write(asker, ttl, why, out));
  return out;
}

TEST(DnsKeptReply, GivesTheAskerItsOwnIdCaseAndFlags) {
  const Bytes upstream = message({"web.example."});
  const KeptReply reply =
      kept(testing::reply(upstream, {{cname(300, "b.example."), a(60, "10.0.0.1", "b.example.")},
                                     {},
                                     {},
                                     Rcode::kNoError,
                                     kFlagAuthenticData | kFlagRecursionAvailable,
                                     true}));
  EXPECT_EQ(textOf(reply.name()), "web.example.");
  const AskedQuery asked({"wEb.eXample.", Type::kA, 0xabcd, kFlagCheckingDisabled});
  const ReadAnswer answer(written(reply, askerOf(asked.query, Transport::kUdp)));
  ASSERT_FALSE(answer.broken);
  EXPECT_EQ(answer.id, 0xabcd);
  EXPECT_EQ(answer.question, std::string("\3wEb\7eXample\0", 13));
  EXPECT_EQ(answer.flags, kFlagResponse | kFlagRecursionAvailable | kFlagCheckingDisabled);
  EXPECT_EQ(answer.ttls, (std::vector<std::uint32_t>{7, 7}));
  EXPECT_FALSE(answer.opt);  // It sent none.

  const ReadAnswer asIs(written(reply, askerOf(asked.query, Transport::kUdp), std::nullopt));
  EXPECT_EQ(asIs.ttls, (std::vector<std::uint32_t>{300, 60}));
}

TEST(DnsKeptReply, ClearsAdUnlessTheAskerUnderstandsIt) {
  const KeptReply reply = kept(testing::reply(
      message({"a."}), {{a(60, "10.0.0.1")}, {}, {}, Rcode::kNoError, kFlagAuthenticData}));
  const auto flagsFor = [&](const DnsAsk& ask) {
    const AskedQuery asked(ask);
    return ReadAnswer(written(reply, askerOf(asked.query, Transport::kUdp))).flags;
  };
  EXPECT_EQ(flagsFor({"a."}) & kFlagAuthenticData, 0);
  EXPECT_NE(flagsFor({"a.", Type::kA, 1, kFlagAuthenticData}) & kFlagAuthenticData, 0);
  EXPECT_NE(flagsFor({"a.", Type::kA, 1, 0, 1232, true}) & kFlagAuthenticData, 0);
  EXPECT_EQ(flagsFor({"a.", Type::kA, 1, 0, 1232, false}) & kFlagAuthenticData, 0);
}

TEST(DnsKeptReply, AnswersEdnsWithEdns) {
  const KeptReply reply = kept(testing::reply(message({"a."}), {{a(60, "10.0.0.1")}}));
  const AskedQuery asked({"a.", Type::kA, 1, 0, 4096, true});
  const Asker asker = askerOf(asked.query, Transport::kUdp);
  const ReadAnswer plain(written(reply, asker));
  EXPECT_TRUE(plain.opt);
  EXPECT_TRUE(plain.dnssecOk);
  EXPECT_EQ(plain.extendedError, -1);
  const ReadAnswer stale(written(reply, asker, 30, ExtendedError::kStaleAnswer));
  EXPECT_EQ(stale.extendedError, 3);
  EXPECT_EQ(stale.counts[0], 1);
}

TEST(DnsKeptReply, CutsToTheAskersLimit) {
  std::vector<DnsRecord> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(a(60, "10.0.0.1"));
  }
  const KeptReply reply = kept(testing::reply(message({"a."}), {many}));
  const AskedQuery plain({"a."});
  const ReadAnswer small(written(reply, askerOf(plain.query, Transport::kUdp)));
  EXPECT_TRUE(small.truncated());
  EXPECT_EQ(small.counts[0], (512 - 12 - 7) / 16);
  EXPECT_FALSE(small.broken);
  const AskedQuery edns({"a.", Type::kA, 1, 0, 1232});
  const ReadAnswer larger(written(reply, askerOf(edns.query, Transport::kUdp)));
  EXPECT_EQ(larger.counts[0], (1232 - 12 - 7 - 11) / 16);
  EXPECT_TRUE(larger.opt);
  EXPECT_LE(larger.size, 1232U);
  const ReadAnswer whole(written(reply, askerOf(plain.query, Transport::kTcp)));
  EXPECT_FALSE(whole.truncated());
  EXPECT_EQ(whole.counts[0], 100);
}

TEST(DnsKeptReply, WritesErrorsWithAReason) {
  const AskedQuery asked({"Web.example.", Type::kA, 7, kFlagRecursionDesired, 1232});
  Bytes out(kPlainUdpSize);
  out.resize(writeError(askerOf(asked.query, Transport::kUdp), Rcode::kServFail,
                        ExtendedError::kNoReachableAuthority, out));
  const ReadAnswer answer(out);
  ASSERT_FALSE(answer.broken);
  EXPECT_EQ(answer.rcode(), Rcode::kServFail);
  EXPECT_EQ(answer.id, 7);
  EXPECT_EQ(answer.extendedError, 22);
  EXPECT_EQ(answer.question, std::string("\3Web\7example\0", 13));
}

RC_GTEST_PROP(DnsKeptReplyProperty, WhatIsWrittenIsWholeAndWithinTheLimit, ()) {
  const auto some = [](int most) {
    std::vector<DnsRecord> out;
    for (int i = *rc::gen::inRange(0, most); i > 0; --i) {
      out.push_back({*rc::gen::element<std::string>("", "x.example."), Type::kTxt, 9,
                     *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>())});
    }
    return out;
  };
  const Bytes upstream = message({"web.example."});
  const Bytes packet = testing::reply(
      upstream, {some(8), some(3), some(5), Rcode::kNoError, 0, *rc::gen::arbitrary<bool>()});
  const AskedQuery asked({"Web.example.", Type::kA, 3, 0, *rc::gen::element(-1, 512, 1232)});
  const Asker asker = askerOf(asked.query, Transport::kUdp);
  const std::size_t room = *rc::gen::inRange<std::size_t>(0, 700);
  const std::unique_ptr<std::uint8_t[]> out(new std::uint8_t[room]);
  const std::size_t size =
      kept(packet).write(asker, 1, ExtendedError::kStaleAnswer, {out.get(), room});
  RC_ASSERT(size <= std::min(room, asker.limit));
  if (size > 0) {
    const ReadAnswer answer(ByteView(out.get(), size));
    RC_ASSERT(!answer.broken);
    RC_ASSERT(answer.opt == asker.edns);
  } else {
    RC_ASSERT(room < 12 + 17 + optSize(asker, ExtendedError::kStaleAnswer));
  }
}

}  // namespace
}  // namespace hitless::dns
