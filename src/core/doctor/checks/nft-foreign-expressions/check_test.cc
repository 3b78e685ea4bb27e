#include "core/doctor/checks/nft-foreign-expressions/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/doctor/evidence_names.h"
#include "testing/evidence.h"
#include "testing/iptables_dumps.h"

namespace hitless::doctor {
namespace {

using testing::MadeEvidence;

TEST(NftForeignExpressions, ShowsTheRules) {
  MadeEvidence made;
  made.has(names::kNftRules4,
           "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
           "[0:0] -A INPUT -s 10.0.0.1/32 -j ACCEPT\n"
           "[0:0] -A FORWARD -i wt0 -m nft --expr \"lookup @netbird\" -j ACCEPT\nCOMMIT\n");
  const auto found = kNftForeignExpressions.run(made.evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].subject, "ip filter");
  EXPECT_EQ(found[0].summary, "1 rules in iptables' table ip filter are not iptables'");
  EXPECT_THAT(
      found[0].evidence,
      ::testing::ElementsAre("-A FORWARD -i wt0 -m nft --expr \"lookup @netbird\" -j ACCEPT"));
  EXPECT_TRUE(found[0].repair.empty());
}

TEST(NftForeignExpressions, IsSilentAboutIptables) {
  MadeEvidence made;
  made.has(names::kNftRules4, std::string(::testing::kDockerDump));
  EXPECT_TRUE(kNftForeignExpressions.run(made.evidence).empty());
  EXPECT_TRUE(kNftForeignExpressions.run(MadeEvidence().evidence).empty());
}

}  // namespace
}  // namespace hitless::doctor
