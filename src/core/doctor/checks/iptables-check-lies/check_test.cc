#include "core/doctor/checks/iptables-check-lies/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/iptables_binaries.h"
#include "testing/evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::HasSubstr;
using testing::MadeEvidence;

IptablesBinaries node(const char* hostVersion, const char* containerVersion) {
  IptablesBinaries value;
  value.binaries = {{"/usr/sbin/iptables", "this node", hostVersion, "nf_tables"},
                    {"/sbin/iptables", "kube-router (pid 7)", containerVersion, "nf_tables"}};
  return value;
}

std::vector<Finding> found(const IptablesBinaries& value) {
  MadeEvidence made;
  made.has(names::kIptablesBinaries, renderIptablesBinaries(value));
  return kIptablesCheckLies.run(made.evidence);
}

TEST(IptablesCheckLies, IsReadAsItWasWritten) {
  IptablesBinaries value = node("1.8.9", "1.8.7");
  value.truths = {{0, 1, "0110?1", "00", false}};
  EXPECT_EQ(parseIptablesBinaries(renderIptablesBinaries(value)).value(), value);
  value.truths = {{0, 2, "1", "0", true}};
  EXPECT_TRUE(parseIptablesBinaries(renderIptablesBinaries(value)).value().truths.empty());
}

TEST(IptablesCheckLies, FindsAnOldBinaryBesideANewOne) {
  IptablesBinaries value = node("1.8.9", "1.8.7");
  value.truths = {
      {0, 0, "111111", "00", true}, {0, 1, "110101", "00", false}, {1, 0, "111111", "00", true}};
  const auto findings = found(value);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
  EXPECT_THAT(findings[0].summary, HasSubstr("does not recognise 2 of 6 rules"));
  EXPECT_THAT(findings[1].summary, HasSubstr("prints other rules"));
}

TEST(IptablesCheckLies, FindsPhantomsAndKnownVersions) {
  IptablesBinaries value = node("1.8.11", "1.8.10");
  value.truths = {{0, 0, "111111", "10", true}};
  const auto findings = found(value);
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
}

TEST(IptablesCheckLies, IsSilentAboutTheTruth) {
  IptablesBinaries value = node("1.8.9", "1.8.9");
  value.truths = {{0, 1, "11111?", "0?", true}};
  EXPECT_TRUE(found(value).empty());
  EXPECT_TRUE(kIptablesCheckLies.run(MadeEvidence().evidence).empty());
}

}  // namespace
}  // namespace hitless::doctor
