#include "core/dns/packet.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "testing/dns_messages.h"

namespace hitless::dns {
namespace {

using namespace hitless::testing;

const Bytes kQuery = message({"Web.example."});

TEST(DnsPacket, SummarizesAnAnswer) {
  const Bytes packet = reply(kQuery, {{cname(300, "b.example."), a(60, "10.0.0.1", "b.example.")},
                                      {},
                                      {a(20, "10.0.0.2", "ns.example.")},
                                      Rcode::kNoError,
                                      0,
                                      true});
  const auto summary = summarize(packet);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->rcode, 0);
  EXPECT_EQ(summary->questionEnd, kQuery.size());
  EXPECT_EQ(summary->end, packet.size() - 11);  // Without the OPT record.
  EXPECT_TRUE(summary->hasOpt);
  EXPECT_TRUE(summary->answersType);
  EXPECT_EQ(summary->counts[0], 2);
  EXPECT_EQ(summary->counts[2], 1);
  EXPECT_EQ(summary->ttl, 20U);
  EXPECT_FALSE(summary->denialTtl);
}

TEST(DnsPacket, TakesTheSmallerOfADenialsTwoTimes) {
  EXPECT_EQ(summarize(reply(kQuery, {{}, {soa(900, 60)}}))->denialTtl, 60U);
  EXPECT_EQ(summarize(reply(kQuery, {{}, {soa(30, 60)}}))->denialTtl, 30U);
  // A SOA among the answers denies nothing, and one that is too short has no minimum.
  EXPECT_FALSE(summarize(reply(kQuery, {{soa(30, 60)}}))->denialTtl);
  EXPECT_FALSE(summarize(reply(kQuery, {{}, {{"", Type::kSoa, 30, Bytes(21, 0xff)}}}))->denialTtl);
}

TEST(DnsPacket, CountsTtlsBeyondTheSignBitAsZero) {
  EXPECT_EQ(summarize(reply(kQuery, {{a(0x80000000, "10.0.0.1")}}))->ttl, 0U);
}

TEST(DnsPacket, LeavesOutWhatFollowsAnOpt) {
  Bytes packet = reply(kQuery, {{a(60, "10.0.0.1")}, {}, {}, Rcode::kNoError, 0, true});
  const std::size_t opt = packet.size() - 11;
  packet[opt + 5] = 1;  // The upper bits of BADVERS.
  writeU16(packet, 10, 2);
  putName(packet, "x.");
  for (const std::uint32_t number : {1U, 1U, 0U, 7U, 0U}) {
    put16(packet, number);
  }
  const auto summary = summarize(packet);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->end, opt);
  EXPECT_EQ(summary->counts[2], 0);
  EXPECT_EQ(summary->ttl, 60U);
  EXPECT_EQ(summary->rcode, 16);
}

TEST(DnsPacket, RefusesBrokenMessages) {
  const Bytes good = reply(kQuery, {{a(60, "10.0.0.1")}});
  ASSERT_TRUE(summarize(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(summarize(ByteView(good).first(size))) << size;
  }
  EXPECT_FALSE(summarize(kQuery));  // No response.
  Bytes none = good;
  none[5] = 0;
  EXPECT_FALSE(summarize(none));
}

TEST(DnsPacket, ComparesTheQuestionWithItsCase) {
  const Bytes answer = reply(kQuery, {{a(60, "10.0.0.1")}});
  const auto question = ByteView(kQuery).subspan(kHeaderSize);
  EXPECT_TRUE(echoesQuestion(answer, question));
  EXPECT_FALSE(echoesQuestion(kQuery, question));
  Bytes other = answer;
  other[13] ^= 0x20;
  EXPECT_FALSE(echoesQuestion(other, question));
  EXPECT_FALSE(echoesQuestion(ByteView(answer).first(question.size()), question));
}

TEST(DnsPacket, DropsAdditionalRecordsSilentlyAndAnswersWithTc) {
  const Bytes packet = reply(
      kQuery,
      {{a(60, "10.0.0.1"), a(60, "10.0.0.2")}, {soa(60, 60)}, {a(60, "10.0.0.3", "ns.example.")}});
  EXPECT_EQ(fitRecords(packet, packet.size()).size, packet.size());
  const Fit required = fitRecords(packet, packet.size() - 1);
  EXPECT_FALSE(required.truncated);
  EXPECT_EQ(required.counts[1], 1);
  EXPECT_EQ(required.counts[2], 0);
  const Fit answers = fitRecords(packet, required.size - 1);
  EXPECT_TRUE(answers.truncated);
  EXPECT_EQ(answers.counts[0], 2);
  EXPECT_EQ(answers.counts[1], 0);
  EXPECT_EQ(answers.size, kQuery.size() + 32);
  const Fit one = fitRecords(packet, kQuery.size() + 31);
  EXPECT_EQ(one.counts[0], 1);
  EXPECT_EQ(one.size, kQuery.size() + 16);
  EXPECT_EQ(fitRecords(packet, kQuery.size()).size, kQuery.size());
}

/// A valid reply with some bytes changed, cut or added.
Bytes mutated() {
  Bytes packet = reply(kQuery, {{cname(300, "b.example."), a(60, "10.0.0.1", "b.example.")},
                                {soa(60, 60)},
                                {},
                                Rcode::kNoError,
                                0,
                                *rc::gen::arbitrary<bool>()});
  const auto edits = *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
      rc::gen::arbitrary<std::pair<std::uint16_t, std::uint8_t>>());
  for (const auto& [at, value] : edits) {
    packet[at % packet.size()] = value;
  }
  packet.resize(*rc::gen::inRange<std::size_t>(0, packet.size() + 8));
  return packet;
}

RC_GTEST_PROP(DnsPacketProperty, NoBytesAreReadOutsideTheMessage, ()) {
  const ExactBytes packet(*rc::gen::arbitrary<bool>() ? mutated() : *rc::gen::arbitrary<Bytes>());
  const auto summary = summarize(packet.view());
  echoesQuestion(packet.view(), ByteView(kQuery).subspan(kHeaderSize));
  if (!summary) {
    return;
  }
  RC_ASSERT(summary->end <= packet.view().size());
  RC_ASSERT(summary->questionEnd <= summary->end);
  const std::size_t limit = *rc::gen::inRange<std::size_t>(summary->questionEnd, 600);
  const Fit fit = fitRecords(packet.view(), limit);
  RC_ASSERT(fit.size <= std::max(limit, summary->questionEnd));
}

}  // namespace
}  // namespace hitless::dns
