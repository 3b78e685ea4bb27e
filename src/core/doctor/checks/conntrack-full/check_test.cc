#include "core/doctor/checks/conntrack-full/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/flows.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

constexpr std::string_view kStat = "proc/net/stat/nf_conntrack";

std::string stat(int drop) {
  return "entries drop early_drop\n00000001 0000000" + std::to_string(drop) + " 00000000\n";
}

MadeEvidence table(int count, int dropsBefore = 0, int dropsAfter = 0) {
  MadeEvidence made;
  made.becomes("proc/sys/net/netfilter/nf_conntrack_count", "1\n", std::to_string(count) + "\n");
  made.has("proc/sys/net/netfilter/nf_conntrack_max", "100000\n");
  made.becomes(kStat, stat(dropsBefore), stat(dropsAfter));
  made.has("proc/meminfo", "MemTotal:       16284924 kB\nMemFree: 1 kB\n");
  return made;
}

TEST(ConntrackFull, GradesByFillAndByDrops) {
  EXPECT_TRUE(kConntrackFull.run(table(79000).evidence).empty());
  EXPECT_TRUE(kConntrackFull.run(table(5, 3, 3).evidence).empty()) << "drops of long ago";
  const auto warned = kConntrackFull.run(table(80000).evidence);
  ASSERT_EQ(warned.size(), 1U);
  EXPECT_EQ(warned[0].severity, Severity::kWarning);
  EXPECT_EQ(warned[0].summary, "the connection table holds 80,000 of 100,000 entries (80 %)");
  ASSERT_EQ(warned[0].repair.size(), 1U);
  EXPECT_EQ(warned[0].repair[0], Action(WriteSysctl{"net/netfilter/nf_conntrack_max", "200000"}));
  EXPECT_EQ(kConntrackFull.run(table(95000).evidence)[0].severity, Severity::kCritical);
  const auto dropping = kConntrackFull.run(table(70000, 1, 5).evidence);
  ASSERT_EQ(dropping.size(), 1U);
  EXPECT_EQ(dropping[0].severity, Severity::kCritical);
  EXPECT_THAT(dropping[0].evidence[0], HasSubstr("4 packets were dropped"));
}

TEST(ConntrackFull, StaysWithinMemoryAndNamesWhoFillsIt) {
  auto made = table(99000);
  made.has("proc/meminfo", "MemTotal: 500000 kB\n");
  Flows flows;
  flows.flows.resize(4);
  flows.flows[0].original.source = *IpAddress::parse("10.0.0.9");
  made.has(names::kFlows, renderFlows(flows));
  const auto found = kConntrackFull.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  // 500000 kB / 8 / 512: no more than 125,000.
  EXPECT_EQ(found[0].repair.at(0), Action(WriteSysctl{"net/netfilter/nf_conntrack_max", "125000"}));
  EXPECT_THAT(found[0].evidence[1], HasSubstr("10.0.0.9 (25 %)"));
  made.has("proc/meminfo", "MemTotal: 400000 kB\n");
  EXPECT_TRUE(kConntrackFull.run(made.evidence)[0].repair.empty());
}

}  // namespace
}  // namespace hitless::doctor
