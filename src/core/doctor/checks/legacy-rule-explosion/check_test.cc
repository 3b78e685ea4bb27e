#include "core/doctor/checks/legacy-rule-explosion/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/legacy_tables.h"
#include "core/doctor/processes.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::MadeEvidence;

std::string tables(std::uint32_t entries, std::uint32_t bytes) {
  return renderLegacyTables({{"ip", "filter", entries, bytes}, {"ip6", "nat", 5, 700}});
}

TEST(LegacyRuleExplosion, FindsTheIncident) {
  MadeEvidence made;
  Process kubeRouter;
  kubeRouter.pid = 41;
  kubeRouter.name = "kube-router";
  made.becomes(names::kLegacyTables, tables(1'055'000, 527'000'000),
               tables(1'055'488, 527'244'000));
  made.has(names::kProcesses, renderProcesses({kubeRouter}));
  made.has(names::kLegacyRules4, "# unread-table filter 1055488\n");
  const auto found = kLegacyRuleExplosion.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_THAT(found[0].summary, HasSubstr("1,055,488 entries, 98.2 % of the 512 MiB"));
  EXPECT_THAT(found[0].owner, HasSubstr("kube-router (a pid: 41)"));
  EXPECT_THAT(found[0].evidence, Contains(HasSubstr("+488 entries in 1.00 s, 29280 a minute")));
  ASSERT_EQ(found[0].repair.size(), 1U);
  EXPECT_EQ(std::get<DedupeChain>(found[0].repair[0]).chain, "");
}

TEST(LegacyRuleExplosion, NamesTheChainWhereItWasRead) {
  std::string rules = "*filter\n:INPUT ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n";
  for (int i = 0; i < 12'000; ++i) {
    rules += "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -j RETURN\n";
  }
  MadeEvidence made;
  made.has(names::kLegacyTables, tables(12'007, 5'000'000));
  made.has(names::kLegacyRules4, rules + "COMMIT\n");
  const auto found = kLegacyRuleExplosion.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  EXPECT_EQ(found[0].owner, "kube-router");
  EXPECT_THAT(found[0].evidence,
              Contains("11,999 of 12,000 rules of KUBE-ROUTER-INPUT are repetitions"));
  EXPECT_EQ(std::get<DedupeChain>(found[0].repair.at(0)).chain, "KUBE-ROUTER-INPUT");
}

TEST(LegacyRuleExplosion, IsSilentAboutAnOrdinaryTable) {
  MadeEvidence made;
  made.has(names::kLegacyTables, tables(9'999, 5'000'000));
  EXPECT_TRUE(kLegacyRuleExplosion.run(made.evidence).empty());
  made.has(names::kLegacyTables, "nonsense");
  EXPECT_TRUE(kLegacyRuleExplosion.run(made.evidence).empty());
}

}  // namespace
}  // namespace hitless::doctor
