#include "core/dns/query.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace hitless::dns {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes queryFor(std::string_view wireName, Type type = Type::kA) {
  Bytes packet{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0};
  packet.insert(packet.end(), wireName.begin(), wireName.end());
  for (const std::uint16_t number : {static_cast<std::uint16_t>(type), std::uint16_t{1}}) {
    packet.push_back(static_cast<std::uint8_t>(number >> 8));
    packet.push_back(static_cast<std::uint8_t>(number));
  }
  return packet;
}

void addOpt(Bytes& packet, std::uint16_t payload, std::uint8_t version, bool dnssecOk = false) {
  ++packet[11];
  const Bytes opt{0,
                  0,
                  41,
                  static_cast<std::uint8_t>(payload >> 8),
                  static_cast<std::uint8_t>(payload),
                  0,
                  version,
                  static_cast<std::uint8_t>(dnssecOk ? 0x80 : 0),
                  0,
                  0,
                  0};
  packet.insert(packet.end(), opt.begin(), opt.end());
}

TEST(DnsName, ParsesAndPrints) {
  EXPECT_EQ(Name::parse("Web.Default.svc.cluster.local")->text(), "web.default.svc.cluster.local.");
  EXPECT_EQ(Name::parse(".")->text(), ".");
  EXPECT_EQ(Name::parse("a\\.b\\032c.x.")->text(), "a\\.b\\032c.x.");
  EXPECT_EQ(Name::parse("a..b").error().message, "\"a..b\" is no domain name: a label is empty");
  EXPECT_FALSE(Name::parse(""));
  EXPECT_FALSE(Name::parse("a\\25"));
  EXPECT_FALSE(Name::parse(std::string(64, 'a')));
  EXPECT_TRUE(Name::parse(std::string(63, 'a')));
}

TEST(DnsName, IsWithinAZoneOnlyAtALabel) {
  const Name zone = *Name::parse("cluster.local");
  EXPECT_TRUE(Name::parse("cluster.local")->within(zone));
  EXPECT_TRUE(Name::parse("a.cluster.local")->within(zone));
  EXPECT_FALSE(Name::parse("acluster.local")->within(zone));
  // The label's bytes look like a length and a label of their own.
  EXPECT_FALSE(Name::parse("ab\\007cluster.local")->within(zone));
}

TEST(DnsQuery, KeepsTheNameAsAskedAndInLowerCase) {
  const Bytes packet = queryFor({"\3WeB\7eXample\0", 13}, Type::kAaaa);
  Query query;
  ASSERT_EQ(parseQuery(packet, query), QueryFault::kNone);
  EXPECT_EQ(query.id, 0x1234);
  EXPECT_TRUE(query.recursionDesired);
  EXPECT_EQ(textOf(query.question.name()), "web.example.");
  EXPECT_EQ(query.question.asked[1], 'W');
  EXPECT_EQ(query.question.type, Type::kAaaa);
  EXPECT_EQ(query.limit(Transport::kUdp), 512U);
  EXPECT_EQ(query.limit(Transport::kTcp), 65535U);
}

TEST(DnsQuery, ReadsEdns) {
  Bytes packet = queryFor({"\1a\0", 3});
  addOpt(packet, 4096, 0, true);
  Query query;
  ASSERT_EQ(parseQuery(packet, query), QueryFault::kNone);
  ASSERT_TRUE(query.edns);
  EXPECT_TRUE(query.edns->dnssecOk);
  EXPECT_EQ(query.limit(Transport::kUdp), 1232U);
  addOpt(packet, 4096, 0);
  EXPECT_EQ(parseQuery(packet, query), QueryFault::kFormErr);  // Two of them.

  Bytes small = queryFor({"\1a\0", 3});
  addOpt(small, 100, 0);
  ASSERT_EQ(parseQuery(small, query), QueryFault::kNone);
  EXPECT_EQ(query.limit(Transport::kUdp), 512U);

  Bytes newer = queryFor({"\1a\0", 3});
  addOpt(newer, 1232, 1);
  EXPECT_EQ(parseQuery(newer, query), QueryFault::kBadVers);
}

TEST(DnsQuery, TellsWhatIsWrong) {
  Query query;
  const Bytes good = queryFor({"\1a\0", 3});
  EXPECT_EQ(parseQuery(ByteView(good).first(11), query), QueryFault::kIgnore);
  Bytes response = good;
  response[2] |= 0x80;
  EXPECT_EQ(parseQuery(response, query), QueryFault::kIgnore);
  Bytes update = good;
  update[2] |= 5 << 3;
  EXPECT_EQ(parseQuery(update, query), QueryFault::kNotImp);
  EXPECT_EQ(parseQuery(ByteView(good).first(good.size() - 1), query), QueryFault::kFormErr);
  Bytes two = good;
  two[5] = 2;
  EXPECT_EQ(parseQuery(two, query), QueryFault::kFormErr);
  EXPECT_EQ(parseQuery(queryFor({"\xc0\x0c", 2}), query), QueryFault::kFormErr);
  const std::string longName = [] {
    std::string name;
    for (int i = 0; i < 4; ++i) {
      name += '\x3f' + std::string(63, 'a');
    }
    return name + '\0';
  }();
  EXPECT_EQ(parseQuery(queryFor(longName), query), QueryFault::kFormErr);
}

RC_GTEST_PROP(DnsQueryProperty, NoBytesAreReadOutsideThePacket, ()) {
  Bytes packet = *rc::gen::arbitrary<Bytes>();
  if (packet.size() > 5 && *rc::gen::arbitrary<bool>()) {
    packet[2] &= 0x07;
    packet[4] = 0;
    packet[5] = 1;
  }
  // An allocation of exactly the packet's size lets the sanitizer see one byte too far.
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[packet.size()]);
  std::copy(packet.begin(), packet.end(), exact.get());
  Query query;
  if (parseQuery({exact.get(), packet.size()}, query) == QueryFault::kNone) {
    RC_ASSERT(query.question.asked.size() <= kMaxName);
    RC_ASSERT(query.question.name().back() == '\0');
  }
}

}  // namespace
}  // namespace hitless::dns
