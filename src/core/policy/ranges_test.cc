#include "core/policy/ranges.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace hitless::policy {
namespace {

IpBlock block(std::string_view cidr, std::initializer_list<std::string_view> except = {}) {
  IpBlock out{Cidr::parse(cidr).value(), {}};
  for (const std::string_view network : except) {
    out.except.push_back(Cidr::parse(network).value());
  }
  return out;
}

std::string text(const std::vector<IpBlock>& blocks, IpFamily family = IpFamily::kV4) {
  std::string out;
  for (const AddressRange& range : addressesOf(blocks, family)) {
    out += (out.empty() ? "" : " ") + range.first.text() + "-" + range.last.text();
  }
  return out;
}

TEST(PolicyRanges, AnExceptionIsCutOutOfItsOwnBlockOnly) {
  EXPECT_EQ(text({block("10.0.0.0/24", {"10.0.0.64/26"})}),
            "10.0.0.0-10.0.0.63 10.0.0.128-10.0.0.255");
  EXPECT_EQ(text({block("10.0.0.0/24", {"10.0.0.64/26"}), block("10.0.0.64/32")}),
            "10.0.0.0-10.0.0.64 10.0.0.128-10.0.0.255");
  EXPECT_EQ(text({block("10.0.0.0/24", {"10.0.0.0/8"})}), "");
  EXPECT_EQ(text({block("10.0.0.0/24", {"::/0"})}), "10.0.0.0-10.0.0.255");
}

TEST(PolicyRanges, WhatTouchesIsOne) {
  EXPECT_EQ(text({block("10.0.1.0/24"), block("10.0.0.0/24"), block("10.0.0.128/25")}),
            "10.0.0.0-10.0.1.255");
}

TEST(PolicyRanges, TheEndsOfAFamilyAreNoSpecialCase) {
  EXPECT_TRUE(isEverything(addressesOf({block("0.0.0.0/0")}, IpFamily::kV4)));
  EXPECT_TRUE(isEverything(addressesOf({block("::/1"), block("8000::/1")}, IpFamily::kV6)));
  EXPECT_FALSE(isEverything(addressesOf({block("::/0")}, IpFamily::kV4)));
  EXPECT_EQ(text({block("0.0.0.0/0", {"0.0.0.0/1"})}), "128.0.0.0-255.255.255.255");
  EXPECT_EQ(text({block("0.0.0.0/0", {"128.0.0.0/1"})}), "0.0.0.0-127.255.255.255");
  EXPECT_EQ(text({block("::/0", {"8000::/1"})}, IpFamily::kV6),
            "::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(PolicyRanges, PortsAreMerged) {
  EXPECT_EQ(merged({{443, 443}, {80, 90}, {85, 100}, {101, 101}}),
            (std::vector<PortRange>{{80, 101}, {443, 443}}));
  EXPECT_EQ(merged({{1, 65535}, {7, 7}}), (std::vector<PortRange>{{1, 65535}}));
}

RC_GTEST_PROP(PolicyRanges, HoldWhatAnyBlockHolds, ()) {
  const auto network = rc::gen::map(
      rc::gen::pair(rc::gen::inRange(0, 256), rc::gen::inRange(24, 33)),
      [](const std::pair<int, int>& made) {
        return Cidr{IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(made.first)),
                    static_cast<std::uint8_t>(made.second)}
            .masked();
      });
  const auto blocks = *rc::gen::container<std::vector<IpBlock>>(
      rc::gen::map(rc::gen::pair(network, rc::gen::container<std::vector<Cidr>>(network)),
                   [](const std::pair<Cidr, std::vector<Cidr>>& made) {
                     return IpBlock{made.first, made.second};
                   }));
  const AddressRanges ranges = addressesOf(blocks, IpFamily::kV4);
  for (std::uint32_t i = 0; i < 256; ++i) {
    const IpAddress address = IpAddress::v4(0x0a000000U + i);
    const auto holds = [&](const auto& range) {
      return range.first <= address && address <= range.last;
    };
    RC_ASSERT(std::any_of(ranges.begin(), ranges.end(), holds) ==
              std::any_of(blocks.begin(), blocks.end(),
                          [&](const IpBlock& one) { return one.contains(address); }));
  }
}

}  // namespace
}  // namespace hitless::policy
