#include "core/nft/interval.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <set>

#include "core/nft/apply.h"
#include "core/nft/decode.h"
#include "core/nft/diff.h"
#include "core/nft/encode.h"
#include "core/nft/text.h"

namespace hitless::nft {
namespace {

using ::testing::HasSubstr;

Datum address(const char* text) {
  return Datum().address(*IpAddress::parse(text));
}
Datum port(std::uint16_t number) {
  return Datum().port(number);
}
ElementValue upTo(const Datum& last, std::string comment = {}) {
  return {{}, std::move(comment), last};
}

Ruleset withSet(std::vector<FieldType> key, Elements elements) {
  Ruleset ruleset;
  ruleset.table = TableSpec{"t", ""};
  SetSpec spec{"s", SetSpec::Kind::kSet, std::move(key), {}, ""};
  spec.interval = true;
  ruleset.addSet(spec).elements = std::move(elements);
  return ruleset;
}
Ruleset withPorts(Elements elements) {
  return withSet({FieldType::kInetService}, std::move(elements));
}

/// Disjoint intervals of ports; many touch, and many reach the ends.
Ruleset arbitraryPorts() {
  std::set<std::uint32_t> bounds;
  for (const std::uint32_t bound :
       {0U, 1U, 2U, 80U, 81U, 82U, 255U, 256U, 257U, 65534U, 65535U, 65536U}) {
    if (*rc::gen::inRange(0, 2) == 0) {
      bounds.insert(bound);
    }
  }
  Elements elements;
  for (auto it = bounds.begin(); it != bounds.end() && std::next(it) != bounds.end(); ++it) {
    if (*rc::gen::inRange(0, 4) != 0) {
      elements[port(static_cast<std::uint16_t>(*it))] =
          upTo(port(static_cast<std::uint16_t>(*std::next(it) - 1)),
               *rc::gen::element<std::string>("", "", "c"));
    }
  }
  return withPorts(std::move(elements));
}

Ruleset decoded(const Ruleset& ruleset) {
  Decoder decoder("t");
  for (const Batch& batch : encode(diff({}, ruleset), 1, 4096)) {
    for (const auto& message : netlink::parseMessages(batch.bytes)) {
      decoder.add(message);
    }
  }
  return decoder.take();
}

TEST(NftInterval, KeysAreNumbersInNetworkOrder) {
  constexpr std::size_t kPadding = 2;
  EXPECT_EQ(keyAfter(port(80), kPadding), port(81));
  EXPECT_EQ(keyAfter(port(255), kPadding), port(256));
  EXPECT_EQ(keyAfter(port(65535), kPadding), std::nullopt);
  EXPECT_EQ(keyBefore(port(256), kPadding), port(255));
  EXPECT_EQ(keyBefore(port(0), kPadding), std::nullopt);
  EXPECT_EQ(largestKey(4, kPadding), port(65535));
  EXPECT_EQ(keyAfter(address("10.255.255.255"), 0), address("11.0.0.0"));
  EXPECT_EQ(largestKey(16, 0), address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_EQ(keyAfter(Datum(), 0), std::nullopt);
}

RC_GTEST_PROP(NftInterval, EncodedElementsDecodeToThemselves, ()) {
  const Ruleset ruleset = arbitraryPorts();
  RC_ASSERT(decoded(ruleset) == ruleset);
}

RC_GTEST_PROP(NftInterval, OldIntervalsMakeRoomForNewOnes, ()) {
  const Ruleset before = arbitraryPorts();
  const Ruleset after = arbitraryPorts();
  Ruleset current = before;
  std::size_t failed = 0;
  RC_ASSERT(applyTo(current, diff(before, after), failed) == 0);
  RC_ASSERT(current == after);
}

TEST(NftInterval, BothFamiliesDecodeToThemselves) {
  for (const Ruleset& ruleset :
       {withSet({FieldType::kIpv4Addr},
                {{address("0.0.0.0"), upTo(address("9.255.255.255"))},
                 {address("10.0.0.0"), upTo(address("10.255.255.255"), "pods")},
                 {address("192.0.2.7"), upTo(address("192.0.2.7"))}}),
        withSet({FieldType::kIpv6Addr}, {{address("fd00::"), upTo(address("fd00::ffff"))},
                                         {address("fe80::"), upTo(largestKey(16, 0))}})}) {
    EXPECT_TRUE(decoded(ruleset) == ruleset) << render(decoded(ruleset));
  }
}

TEST(NftInterval, TheKernelsOrderDoesNotMatter) {
  const Ruleset ruleset = withPorts({{port(1), upTo(port(9))},
                                     {port(10), upTo(port(19))},
                                     {port(30), upTo(port(30))},
                                     {port(40), upTo(port(65535))}});
  // One element a message, and the messages backwards: that is how the kernel walks its tree.
  Ruleset empty = ruleset;
  empty.sets.at("s").elements.clear();
  Transaction add{"t", {}};
  for (const Element& element : ruleset.sets.at("s").elements) {
    add.operations.insert(add.operations.begin(), AddElements{"s", {element}, 2});
  }
  Decoder decoder("t");
  for (const Transaction& transaction : {diff({}, empty), add}) {
    for (const Batch& batch : encode(transaction, 1, 4096)) {
      for (const auto& message : netlink::parseMessages(batch.bytes)) {
        decoder.add(message);
      }
    }
  }
  EXPECT_TRUE(decoder.ruleset() == ruleset) << render(decoder.ruleset());
}

TEST(NftInterval, AKeyOfOneShortFieldIsNotPadded) {
  EXPECT_EQ(paddingOf({FieldType::kInetService}), 2U);
  EXPECT_EQ(paddingOf({FieldType::kInetProto}), 3U);
  EXPECT_EQ(paddingOf({FieldType::kIpv4Addr}), 0U);
  EXPECT_EQ(paddingOf({FieldType::kInetProto, FieldType::kInetService}), 0U);
  EXPECT_EQ(diff(withPorts({}), withPorts({{port(80), upTo(port(90))}})).operations,
            (std::vector<Operation>{AddElements{"s", {{port(80), upTo(port(90))}}, 2}}));
}

TEST(NftInterval, AChangedEndIsDeletedBeforeItIsAdded) {
  const Ruleset before = withPorts({{port(80), upTo(port(90))}, {port(100), upTo(port(110))}});
  const Ruleset after = withPorts({{port(80), upTo(port(105))}});
  EXPECT_EQ(
      diff(before, after).operations,
      (std::vector<Operation>{DeleteElements{"s", {port(80), port(100)}, {port(90), port(110)}, 2},
                              AddElements{"s", {{port(80), upTo(port(105))}}, 2}}));
  EXPECT_THAT(render(diff(before, after), before),
              HasSubstr("delete element inet t s { 80-90, 100-110 }"));
}

TEST(NftInterval, RefusesWhatTheKernelRefuses) {
  const Ruleset before = withPorts({{port(80), upTo(port(90))}});
  const auto refusal = [&](Operation operation) {
    Ruleset current = before;
    std::size_t failed = 0;
    return applyTo(current, {"t", {std::move(operation)}}, failed);
  };
  const auto add = [&](Datum first, ElementValue value) {
    return refusal(AddElements{"s", {{first, std::move(value)}}, 2});
  };
  EXPECT_EQ(add(port(91), upTo(port(95))), 0);
  EXPECT_EQ(add(port(70), upTo(port(79))), 0);
  EXPECT_EQ(add(port(80), upTo(port(90))), EEXIST);
  EXPECT_EQ(add(port(85), upTo(port(86))), EEXIST);
  EXPECT_EQ(add(port(70), upTo(port(80))), EEXIST);
  EXPECT_EQ(add(port(90), upTo(port(99))), EEXIST);
  EXPECT_EQ(add(port(70), upTo(port(99))), EEXIST);
  EXPECT_EQ(add(port(99), upTo(port(98))), EINVAL);
  EXPECT_EQ(add(port(99), {}), EINVAL);
  EXPECT_EQ(refusal(DeleteElements{"s", {port(80)}, {port(90)}, 2}), 0);
  EXPECT_EQ(refusal(DeleteElements{"s", {port(80)}, {port(91)}, 2}), ENOENT);
}

TEST(NftInterval, IsSpelledAsNftDoes) {
  EXPECT_THAT(render(withPorts({{port(80), upTo(port(90))}, {port(443), upTo(port(443))}})),
              HasSubstr("type inet_service\n\t\tflags interval\n\t\telements = { 80-90,\n"
                        "\t\t\t     443 }"));
  const Ruleset networks =
      withSet({FieldType::kIpv4Addr}, {{address("10.0.0.0"), upTo(address("10.255.255.255"))},
                                       {address("192.0.2.1"), upTo(address("192.0.2.2"))}});
  EXPECT_THAT(render(networks), HasSubstr("10.0.0.0/8,"));
  EXPECT_THAT(render(networks), HasSubstr("192.0.2.1-192.0.2.2 }"));
}

TEST(NftEncode, TheConnectionsEndsDecodeToThemselves) {
  Ruleset ruleset;
  ruleset.table = TableSpec{"t", ""};
  Chain& chain = ruleset.addChain({"c", std::nullopt, ""});
  for (const CtKey key :
       {CtKey::kOriginalSourceV4, CtKey::kOriginalSourceV6, CtKey::kOriginalDestinationV4,
        CtKey::kReplySourceV4, CtKey::kReplySourceV6, CtKey::kReplySourcePort}) {
    const bool six = key == CtKey::kOriginalSourceV6 || key == CtKey::kReplySourceV6;
    const std::array<std::uint8_t, 2> number{0, 80};
    const Datum value =
        key == CtKey::kReplySourcePort ? Datum(number) : address(six ? "fd00::1" : "10.0.0.1");
    chain.rules.push_back({{Ct{key, {0}}, Cmp{CmpOp::kEqual, {0}, value}}, ""});
  }
  chain.rules.push_back({{Reject{Reject::With::kAdminProhibited}}, ""});
  const Ruleset seen = decoded(ruleset);
  EXPECT_TRUE(seen == ruleset);
  std::vector<std::string> lines;
  for (const Rule& rule : seen.chains.at("c").rules) {
    lines.push_back(render(rule, seen));
  }
  EXPECT_THAT(lines, ::testing::ElementsAre(
                         "ct original ip saddr 10.0.0.1", "ct original ip6 saddr fd00::1",
                         "ct original ip daddr 10.0.0.1", "ct reply ip saddr 10.0.0.1",
                         "ct reply ip6 saddr fd00::1", "ct reply proto-src 80",
                         "reject with icmpx admin-prohibited"));
}

TEST(NftText, NamesTheTypesOfIcmp) {
  const std::array<std::uint8_t, 1> six{58};
  const std::array<std::uint8_t, 1> solicitation{135};
  const Rule rule{
      {Meta{MetaKey::kL4Proto, {0}}, Cmp{CmpOp::kEqual, {0}, Datum(six)},
       Payload{PayloadBase::kTransport, 0, 1, {0}}, Cmp{CmpOp::kEqual, {0}, Datum(solicitation)}},
      ""};
  EXPECT_EQ(render(rule, {}), "meta l4proto ipv6-icmp icmpv6 type 135");
}

}  // namespace
}  // namespace hitless::nft
