#include "core/xtables/table.h"

#include <gtest/gtest.h>

#include <random>

#include "core/xtables/change.h"
#include "core/xtables/save_text.h"

namespace hitless::xtables {
namespace {

Selector anything(IpFamily family) {
  Selector any;
  any.source = any.destination = any.sourceMask = any.destinationMask =
      family == IpFamily::kV4 ? IpAddress::v4(0) : IpAddress::v6({});
  return any;
}

/// filter with INPUT -> KUBE-ROUTER-INPUT, which has the same rule again and again.
Table someTable(IpFamily family, std::size_t copies) {
  Table table;
  table.info.name = "filter";
  table.info.family = family;
  table.info.validHooks = 1U << 1;
  const auto policy = [&](std::int32_t verdict) {
    return table.make(standardEntry(anything(family), {}, verdict), kNowhere);
  };
  Chain input{"INPUT", 1, {}, policy(kDrop), {}, false};
  Chain router{"KUBE-ROUTER-INPUT", -1, {}, policy(kReturn), {}, false};
  router.head = table.make(errorEntry(family, "KUBE-ROUTER-INPUT"), kNowhere);
  input.rules.push_back(table.make(standardEntry(anything(family), {}, 0), 1));
  input.rules.push_back(table.make(standardEntry(anything(family), {}, 0), kOn));
  for (std::size_t i = 0; i < copies; ++i) {
    router.rules.push_back(policy(kReturn));
  }
  table.chains = {input, router};
  table.end = table.make(errorEntry(family, "ERROR"), kNowhere);
  return table;
}

struct Kept {
  Assembled assembled;
  Table table;
};

Kept reread(const Table& table) {
  Kept kept{*assemble(table), {}};
  auto read = takeApart(kept.assembled.info, kept.assembled.message);
  EXPECT_TRUE(read) << read.error().text();
  kept.table = *std::move(read);
  return kept;
}

TEST(Table, IsReadAsItWasAssembled) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const Kept kept = reread(someTable(family, 3));
    EXPECT_EQ(saveText(kept.table, nullptr),
              "*filter\n:INPUT DROP [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n"
              "[0:0] -A INPUT -j KUBE-ROUTER-INPUT\n[0:0] -A INPUT\n"
              "[0:0] -A KUBE-ROUTER-INPUT -j RETURN\n[0:0] -A KUBE-ROUTER-INPUT -j RETURN\n"
              "[0:0] -A KUBE-ROUTER-INPUT -j RETURN\nCOMMIT\n");
    EXPECT_EQ(assemble(kept.table)->message, kept.assembled.message);
  }
}

TEST(Table, LosesRepetitionsAndGetsThemBack) {
  Kept kept = reread(someTable(IpFamily::kV4, 1000));
  const std::string before = saveText(kept.table, nullptr);
  const ChainChange change = takeRepetitions(kept.table, 1, nullptr);
  EXPECT_EQ(change.removed, (std::vector<xtables::Run>{{1, 999}}));
  const Kept less = reread(kept.table);
  EXPECT_EQ(less.table.chains[1].rules.size(), 1U);
  const auto json = toJson(kept.table.info, {change});
  const auto parsed = changeFromJson(json, IpFamily::kV4);
  ASSERT_TRUE(parsed) << parsed.error().text();
  EXPECT_EQ(parsed->front(), change);
  Table again = less.table;
  ASSERT_TRUE(putBack(again, *parsed));
  EXPECT_EQ(saveText(reread(again).table, nullptr), before);
}

TEST(Table, KeepsCountersByOldPlaces) {
  Kept kept = reread(someTable(IpFamily::kV4, 3));
  (void)takeRepetitions(kept.table, 1, nullptr);
  const auto after = assemble(kept.table);
  // Two rules and the policy of INPUT; head, first rule and end of the other chain; the table's
  // end.
  EXPECT_EQ(after->old, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 7, 8}));
}

TEST(Table, OfAnyBytesIsAnErrorOrATable) {
  std::mt19937 random(3);
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const Assembled good = *assemble(someTable(family, 4));
    for (int i = 0; i < 3000; ++i) {
      Bytes bytes = good.message;
      TableInfo info = good.info;
      for (int change = 0; change < 3; ++change) {
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      }
      if (i % 7 == 0) {
        info.underflow[1] = static_cast<std::uint32_t>(random() % bytes.size());
      }
      bytes.resize(i % 5 == 0 ? random() % bytes.size() : bytes.size());
      auto table = takeApart(info, bytes);
      if (table) {
        (void)saveText(*table, nullptr);
        (void)takeRepetitions(*table, 0, nullptr);
        (void)assemble(*table);
      }
    }
  }
}

TEST(RuleFromText, SaysWhatItCannotMake) {
  for (const char* text : {"-j DROP", "-p tcp -j ACCEPT", "-m limit --limit 1/s -j ACCEPT",
                           "-j DNAT --to-destination 1.2.3.4", "", "-s fd00::1 -j ACCEPT",
                           "-i seventeen-letters -j ACCEPT", "-m mark --mark x -j ACCEPT"}) {
    EXPECT_FALSE(ruleFromText(text, IpFamily::kV4)) << text;
  }
  const auto rule = ruleFromText("-s 10.0.0.0/8 -j KUBE-FORWARD", IpFamily::kV4);
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->leadsTo, "KUBE-FORWARD");
}

}  // namespace
}  // namespace hitless::xtables
