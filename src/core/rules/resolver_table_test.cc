#include "core/rules/resolver_table.h"

#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/nft/memory_dataplane.h"
#include "core/nft/text.h"
#include "core/rules/names.h"
#include "testing/result.h"

namespace hitless::rules {
namespace {

constexpr std::uint32_t kOwner = 4711;

std::vector<IpAddress> addresses(std::vector<const char*> texts) {
  std::vector<IpAddress> out;
  for (const char* text : texts) {
    out.push_back(*IpAddress::parse(text));
  }
  return out;
}

TEST(ResolverTable, WithoutAddressesItOnlyKeepsTheName) {
  const nft::Ruleset empty = resolverTable({}, {}, kOwner);
  EXPECT_EQ(empty.table->owner, kOwner);
  EXPECT_TRUE(empty.chains.empty() && empty.sets.empty());
}

TEST(ResolverTable, ChangesByElementsOfAFamilyAndByWholeFamilies) {
  nft::MemoryDataplane memory{std::string(names::kResolverTable)};
  const auto change = [&](const std::vector<IpAddress>& to) {
    const auto receipt = memory.apply(nft::diff(memory.ruleset(), resolverTable(to, {}, kOwner)));
    EXPECT_TRUE(receipt) << receipt.error().text();
    EXPECT_TRUE(memory.ruleset() == resolverTable(to, {}, kOwner));
    return receipt ? receipt->operations : 0;
  };
  change({});
  change(addresses({"10.96.0.10"}));
  EXPECT_EQ(change(addresses({"10.96.0.10", "169.254.20.10"})), 1U);
  change(addresses({"fd00:96::10"}));
  change(addresses({"10.96.0.10", "fd00:96::10"}));
  change({});
}

TEST(ResolverTable, TheMarkIsOneBitBesideTheOthers) {
  const std::string text =
      nft::render(resolverTable(addresses({"10.96.0.10"}), {.mark = 0x40, .port = 5353}, kOwner));
  EXPECT_NE(text.find("meta mark set meta mark | 0x00000040 notrack"), std::string::npos);
  EXPECT_NE(text.find("10.96.0.10 . udp . 5353"), std::string::npos);
}

}  // namespace
}  // namespace hitless::rules
