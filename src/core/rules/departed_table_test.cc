#include "core/rules/departed_table.h"

#include <gtest/gtest.h>

#include "core/nft/diff.h"
#include "core/nft/memory_dataplane.h"
#include "core/rules/names.h"
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
  directions.names = {{v4, "default/db-0 in db"}, {v6, "default/web-1"}};
  EXPECT_TRUE(directionsOf(departedTable(directions, {})) == directions);
  EXPECT_TRUE(directionsOf({}) == departed::Directions{});
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
