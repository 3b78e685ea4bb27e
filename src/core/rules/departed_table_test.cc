#include "core/rules/departed_table.h"

#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/nft/memory_dataplane.h"
#include "core/rules/names.h"
#include "core/rules/second_chance_rules.h"
#include "testing/result.h"

namespace hitless::rules {
namespace {

TEST(DepartedTable, ItsRulesAreTheSameForAnyNumberOfAddresses) {
  departed::Directions many;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const IpAddress ip = IpAddress::v4(0x0af40000 + i);
    many.parked.insert(ip);
    many.gone.insert(ip);
    many.forwarded[ip] = IpAddress::v4(0x0af50000 + i);
    many.secondChances[{ip, 8080}] = {IpAddress::v4(0x0af50000 + i), 8080};
  }
  EXPECT_TRUE(departedTable(many, {}).chains == departedTable({}, {}).chains);
}

TEST(DepartedTable, ChangesByElements) {
  nft::MemoryDataplane memory{std::string(names::kDepartedTable)};
  const auto change = [&](const departed::Directions& to) {
    const auto receipt = memory.apply(nft::diff(memory.ruleset(), departedTable(to, {})));
    EXPECT_TRUE(receipt) << receipt.error().text();
    EXPECT_TRUE(memory.ruleset() == departedTable(to, {}));
    return receipt ? receipt->operations : 0;
  };
  const IpAddress old = *IpAddress::parse("10.244.2.2");
  departed::Directions directions;
  change(directions);
  directions.parked = {old};
  EXPECT_EQ(change(directions), 1U);
  directions.parked.clear();
  directions.forwarded[old] = *IpAddress::parse("10.244.2.3");
  EXPECT_EQ(change(directions), 2U);
  directions.forwarded[old] = *IpAddress::parse("10.244.2.4");
  EXPECT_EQ(change(directions), 1U);
}

TEST(DepartedTable, SaysWhatWasPutIntoIt) {
  departed::Directions directions;
  const IpAddress v4 = *IpAddress::parse("10.244.2.2");
  const IpAddress v6 = *IpAddress::parse("fd00::2");
  directions.parked = {v4, v6};
  directions.parkedFromNode = {v6};
  directions.gone = {v4};
  directions.goneFromNode = {v4};
  directions.ownPods = {*IpAddress::parse("10.244.1.1")};
  directions.forwarded[v6] = *IpAddress::parse("fd00::3");
  directions.secondChances[{v4, 8080}] = {*IpAddress::parse("10.244.2.9"), 80};
  directions.secondChances[{v6, 443}] = {*IpAddress::parse("fd00::9"), 8443};
  directions.names = {{v4, "default/db-0 in db"}, {v6, "default/web-1"}};
  EXPECT_TRUE(directionsOf(departedTable(directions, {})) == directions);
  EXPECT_TRUE(directionsOf({}) == departed::Directions{});
}

TEST(DepartedTable, HasNothingOfSecondChancesWithoutThem) {
  DepartedTableOptions options;
  options.times.secondChance = false;
  const nft::Ruleset table = departedTable({}, options);
  EXPECT_FALSE(table.sets.contains("second-chance-v4"));
  for (const auto& [name, chain] : table.chains) {
    for (const nft::Rule& rule : chain.rules) {
      for (const nft::Expr& expr : rule.exprs) {
        EXPECT_FALSE(std::holds_alternative<nft::WriteTransport>(expr)) << name;
        EXPECT_FALSE(std::holds_alternative<nft::AddLabels>(expr)) << name;
      }
    }
  }
}

TEST(DepartedTable, BeginsTheTimeOfSecondChancesAnew) {
  departed::Directions directions;
  const IpAddress ip = *IpAddress::parse("10.244.1.2");
  const IpAddress to = *IpAddress::parse("10.244.1.3");
  directions.secondChances[{ip, 8080}] = {to, 8080};
  directions.secondChances[{ip, 9090}] = {to, 9090};
  const nft::Ruleset before = departedTable(directions, {});
  directions.secondChances[{ip, 9090}] = {to, 9091};
  const nft::Ruleset after = departedTable(directions, {});
  nft::Transaction transaction = nft::diff(before, after);
  EXPECT_EQ(transaction.elementCount(), 1U);
  second_chance::renew(transaction, before, after);
  EXPECT_EQ(transaction.elementCount(), 2U);
  nft::MemoryDataplane memory{std::string(names::kDepartedTable)};
  ASSERT_OK(memory.apply(nft::diff({}, before)));
  ASSERT_OK(memory.apply(transaction));
  EXPECT_TRUE(memory.ruleset() == after);
}

TEST(DepartedTable, TheKernelKeepsElementsLongerThanWeDo) {
  const DepartedTableOptions options;
  const nft::Ruleset table = departedTable({}, options);
  const auto keeps = [&](std::string_view stem) {
    return milliseconds(table.sets.at(names::suffixed(stem, IpFamily::kV4)).spec.timeout);
  };
  EXPECT_GT(keeps(names::kParked), 2 * options.times.park);
  EXPECT_GT(keeps(names::kGone), options.times.park + options.times.tombstone);
  EXPECT_GT(keeps(names::kForwarded), options.times.forward);
  EXPECT_EQ(keeps(names::kOwnPods), milliseconds(0));
}

}  // namespace
}  // namespace hitless::rules
