#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/nft/interval.h"
#include "core/nft/text.h"
#include "sys/netlink/nft_dataplane.h"
#include "testing/result.h"
#include "testing/service_network.h"

/// Interval sets, and what a rule can ask of a connection, in the kernel.
namespace hitless::sys {
namespace {

using namespace nft;
using ::testing::HasSubstr;
using testing::inNamespaces;
using testing::outputOf;

Datum address(const std::string& text) {
  return Datum().address(*IpAddress::parse(text));
}
Datum port(std::uint16_t number) {
  return Datum().port(number);
}
ElementValue upTo(const Datum& last, std::string comment = {}) {
  return {{}, std::move(comment), last};
}

Set& addIntervals(Ruleset& out, const std::string& name, FieldType type, Elements elements) {
  SetSpec spec{name, SetSpec::Kind::kSet, {type}, {}, ""};
  spec.interval = true;
  Set& set = out.addSet(spec);
  set.elements = std::move(elements);
  return set;
}

Ruleset sample() {
  Ruleset out;
  out.table = TableSpec{"t", ""};
  addIntervals(out, "ports", FieldType::kInetService,
               {{port(1), upTo(port(9))},
                {port(10), upTo(port(10), "touches")},
                {port(80), upTo(port(90))},
                {port(60000), upTo(port(65535))}});
  addIntervals(out, "v4", FieldType::kIpv4Addr,
               {{address("0.0.0.0"), upTo(address("1.255.255.255"))},
                {address("10.0.0.0"), upTo(address("10.255.255.255"), "pods")},
                {address("11.0.0.0"), upTo(address("11.0.0.4"))},
                {address("192.0.2.7"), upTo(address("192.0.2.7"))},
                {address("224.0.0.0"), upTo(address("255.255.255.255"))}});
  addIntervals(out, "v6", FieldType::kIpv6Addr,
               {{address("fd00::"), upTo(address("fd00::ffff"))},
                {address("fd00::1:0"), upTo(address("fd00::1:0"))}});
  addIntervals(out, "everything", FieldType::kIpv6Addr,
               {{address("::"), upTo(nft::largestKey(16, 0))}});
  addIntervals(out, "nothing", FieldType::kIpv4Addr, {});
  Set& hashed = out.addSet({"hashed", SetSpec::Kind::kSet, {FieldType::kInetService}, {}, ""});
  hashed.elements = {{port(80), {}}, {port(443), {{}, "https", {}}}};
  Set& triple = out.addSet({"named",
                            SetSpec::Kind::kSet,
                            {FieldType::kIpv4Addr, FieldType::kInetProto, FieldType::kInetService},
                            {},
                            ""});
  triple.elements = {{Datum().address(IpAddress::v4(0x0a000001)).protocol(6).port(80), {}}};
  return out;
}

TEST(NftIntervals, WhatIsAppliedIsReadBackAndListed) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open("t");
    ASSERT_OK(dataplane);
    const Ruleset wanted = sample();
    ASSERT_OK(dataplane->apply(diff({}, wanted)));
    const auto applied = dataplane->read();
    ASSERT_OK(applied);
    EXPECT_TRUE(*applied == wanted) << render(*applied);
    const std::string listed = outputOf("nft list table inet t");
    for (const char* part :
         {"1-9", "10 comment \"touches\"", "80-90", "60000-65535", "0.0.0.0/7",
          "10.0.0.0/8 comment \"pods\"", "11.0.0.0-11.0.0.4", "192.0.2.7,", "224.0.0.0/3",
          "fd00::/112", "fd00::1:0", "::/0", "443 comment \"https\"", "10.0.0.1 . tcp . 80"}) {
      EXPECT_THAT(listed, HasSubstr(part));
    }
    const std::string json = outputOf("nft -j list set inet t ports");
    EXPECT_THAT(json, HasSubstr(R"({"range": [80, 90]})"));
  });
}

TEST(NftIntervals, WhatNftAddsIsRead) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open("t");
    ASSERT_OK(dataplane);
    EXPECT_EQ(outputOf("nft 'add table inet t; add set inet t s { type ipv4_addr; flags interval; "
                       "elements = { 10.0.0.0/8, 192.0.2.1, 240.0.0.0/4 }; }'"),
              "");
    const auto read = dataplane->read();
    ASSERT_OK(read);
    Ruleset wanted;
    wanted.table = TableSpec{"t", ""};
    addIntervals(wanted, "s", FieldType::kIpv4Addr,
                 {{address("10.0.0.0"), upTo(address("10.255.255.255"))},
                  {address("192.0.2.1"), upTo(address("192.0.2.1"))},
                  {address("240.0.0.0"), upTo(address("255.255.255.255"))}});
    EXPECT_TRUE(*read == wanted) << render(*read);
  });
}

TEST(NftIntervals, ChangesReplaceWhatTheyOverlap) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open("t");
    ASSERT_OK(dataplane);
    Ruleset now = sample();
    ASSERT_OK(dataplane->apply(diff({}, now)));
    const std::vector<Elements> states = {
        {{port(80), upTo(port(85))}, {port(86), upTo(port(90))}},
        {{port(70), upTo(port(88))}, {port(89), upTo(port(65535))}},
        {{port(0), upTo(port(65535))}},
        {{port(0), upTo(port(88), "c")}, {port(90), upTo(port(90))}},
        {{port(0), upTo(port(88), "d")}},
        {}};
    for (const Elements& elements : states) {
      Ruleset next = now;
      next.sets.at("ports").elements = elements;
      ASSERT_OK(dataplane->apply(diff(now, next)));
      const auto read = dataplane->read();
      ASSERT_OK(read);
      EXPECT_TRUE(*read == next) << render(*read);
      now = next;
    }
  });
}

TEST(NftIntervals, OverlapsAreRefused) {
  inNamespaces([] {
    auto dataplane = NftDataplane::open("t");
    ASSERT_OK(dataplane);
    ASSERT_OK(dataplane->apply(diff({}, sample())));
    for (const auto& [first, last] : std::vector<std::pair<int, int>>{
             {80, 90}, {85, 86}, {70, 80}, {90, 99}, {70, 99}, {80, 85}}) {
      const Transaction add{"t",
                            {AddElements{"ports",
                                         {{port(static_cast<std::uint16_t>(first)),
                                           upTo(port(static_cast<std::uint16_t>(last)))}},
                                         2}}};
      const auto refused = dataplane->apply(add);
      EXPECT_FALSE(refused) << first << "-" << last;
      EXPECT_TRUE(refused || refused.error().osError == EEXIST) << refused.error().text();
    }
    EXPECT_TRUE(dataplane->read() == sample());
  });
}

constexpr std::uint16_t kInside = 5005;
constexpr std::uint16_t kOutside = 6000;

/// Labels connections to ports in an interval by where they go to, and rejects labelled ones that
/// come from anywhere in an interval.
Ruleset judging(IpFamily family) {
  const bool four = family == IpFamily::kV4;
  Ruleset out;
  out.table = TableSpec{"t", ""};
  addIntervals(out, "ports", FieldType::kInetService, {{port(5000), upTo(port(5010))}});
  addIntervals(
      out, "sources", four ? FieldType::kIpv4Addr : FieldType::kIpv6Addr,
      {{address(testing::kPodA.text(family)), upTo(address(testing::kPodA.text(family)))}});
  const Datum label = Datum().labels({100});
  const std::uint8_t number = four ? 2 : 10;
  out.addChain({"forward", Hook{}, ""}).rules = {
      {{Meta{MetaKey::kNfproto, {0}}, Cmp{CmpOp::kEqual, {0}, Datum(std::span(&number, 1))},
        Ct{four ? CtKey::kReplySourceV4 : CtKey::kReplySourceV6, {0}},
        Cmp{CmpOp::kEqual, {0}, address(testing::kPodB.text(family))},
        Ct{CtKey::kReplySourcePort, {0}}, Lookup{"ports", {0}, Lookup::Result::kMatch, {}},
        Constant{{0}, label}, AddLabels{{0}}},
       "labels"},
      {{Meta{MetaKey::kNfproto, {0}}, Cmp{CmpOp::kEqual, {0}, Datum(std::span(&number, 1))},
        Ct{CtKey::kLabels, {0}}, Mask{{0}, {0}, label},
        Cmp{CmpOp::kNotEqual, {0}, Datum().labels({})},
        Ct{four ? CtKey::kOriginalSourceV4 : CtKey::kOriginalSourceV6, {0}},
        Lookup{"sources", {0}, Lookup::Result::kMatch, {}}, Reject{Reject::With::kAdminProhibited}},
       "rejects"}};
  return out;
}

/// The error that a TCP connection ends with; nobody listens at the ports that are asked.
int errorOf(const testing::ServiceNetwork& network, testing::Host from, const IpAddress& to,
            std::uint16_t number) {
  return network.at(from, [&] {
    const testing::Fd fd = testing::startConnecting(SOCK_STREAM, to, number);
    EXPECT_TRUE(testing::readable(fd.get(), 5000, POLLOUT));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  });
}

TEST(NftConnectionKeys, JudgeForwardedConnectionsByTheirEnds) {
  inNamespaces([] {
    const testing::ServiceNetwork network;
    auto dataplane = NftDataplane::open("t");
    ASSERT_OK(dataplane);
    Ruleset now;
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      const Ruleset wanted = judging(family);
      ASSERT_OK(dataplane->apply(diff(now, wanted)));
      now = wanted;
      const auto read = dataplane->read();
      ASSERT_OK(read);
      EXPECT_TRUE(*read == wanted) << render(*read);
      const std::string listed = outputOf("nft list chain inet t forward");
      EXPECT_THAT(listed, HasSubstr("proto-src @ports"));
      EXPECT_THAT(listed, HasSubstr("admin-prohibited"));
      const IpAddress target = testing::kPodB.in(family);
      // "Administratively prohibited" differs from what a closed port says.
      const int prohibited = family == IpFamily::kV4 ? EHOSTUNREACH : EACCES;
      EXPECT_EQ(errorOf(network, testing::Host::kA, target, kInside), prohibited);
      EXPECT_EQ(errorOf(network, testing::Host::kA, target, kOutside), ECONNREFUSED);
      EXPECT_EQ(errorOf(network, testing::Host::kC, target, kInside), ECONNREFUSED);
      EXPECT_EQ(errorOf(network, testing::Host::kA, testing::kPodC.in(family), kInside),
                ECONNREFUSED);
    }
  });
}

}  // namespace
}  // namespace hitless::sys
