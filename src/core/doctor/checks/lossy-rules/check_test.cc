#include "core/doctor/checks/lossy-rules/check.h"

#include <gmock/gmock.h>

#include "testing/doctor_evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

std::vector<Finding> findingsOf(const std::string& rules) {
  return kLossyRules.run(
      NodeEvidence().nft("*filter\n:INPUT ACCEPT [0:0]\n" + rules + "COMMIT\n").build());
}

TEST(LossyRules, FindsADropThatHasLostItsMark) {
  const auto found = findingsOf(
      "-A INPUT -j KUBE-FIREWALL\n"
      "-A KUBE-FIREWALL -m comment --comment \"kubernetes firewall for "
      "dropping marked packets\" -j DROP\n");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_THAT(found[0].repair, IsEmpty());
  EXPECT_THAT(found[0].remedy, HasSubstr("iptables-nft -t filter -D KUBE-FIREWALL -m comment"));
}

TEST(LossyRules, FindsANodePortThatTakesAllPorts) {
  EXPECT_THAT(findingsOf("-A INPUT -j KUBE-NODEPORTS\n-A KUBE-NODEPORTS -p tcp -m comment "
                         "--comment \"a/b\" -j ACCEPT\n"),
              SizeIs(1));
}

TEST(LossyRules, FindsARangeThatHasBecomeOneAddress) {
  EXPECT_THAT(
      findingsOf("-A KUBE-ROUTER-INPUT -d 10.43.0.0/32 -m comment --comment \"allow traffic "
                 "to cluster IP range\" -j RETURN\n"),
      SizeIs(1));
}

TEST(LossyRules, FindsWhatStandsBesideTheIntactRule) {
  for (const char* pair : {"-d 10.43.0.0/16 -j RETURN|-d 10.43.0.0/32 -j RETURN",
                           "-p tcp -m tcp --dport 80 -j ACCEPT|-p tcp -j ACCEPT",
                           "-m mark --mark 0x8000/0x8000 -j RETURN|-j RETURN"}) {
    const std::string both(pair);
    const auto bar = both.find('|');
    const auto found = findingsOf("-A cali-INPUT " + both.substr(0, bar) + "\n-A cali-INPUT " +
                                  both.substr(bar + 1) + "\n");
    ASSERT_THAT(found, SizeIs(1)) << pair;
    EXPECT_THAT(found[0].evidence, Contains("beside -A cali-INPUT " + both.substr(0, bar)));
    EXPECT_THAT(found[0].summary, HasSubstr("1 of 2 rules"));
  }
}

TEST(LossyRules, LeavesOtherPeoplesRulesAndPoliciesAlone) {
  EXPECT_THAT(findingsOf("-A MINE -p tcp -m tcp --dport 80 -j ACCEPT\n-A MINE -p tcp -j ACCEPT\n"),
              IsEmpty());
  EXPECT_THAT(findingsOf("-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT\n"
                         "-A ufw-user-input -p tcp -j ACCEPT\n"),
              IsEmpty());
  EXPECT_THAT(findingsOf("-A KUBE-NWPLCY-A -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x1/0x1\n"
                         "-A KUBE-NWPLCY-A -p tcp -j MARK --set-xmark 0x1/0x1\n"),
              IsEmpty());
  EXPECT_THAT(findingsOf("-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP\n"), IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor
