#include "core/doctor/checks/rule-duplicates/check.h"

#include <gmock/gmock.h>

#include "testing/doctor_evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

std::string copies(const std::string& rule, int count) {
  std::string text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n";
  for (int i = 0; i < count; ++i) {
    text += rule + "\n";
  }
  return text + "COMMIT\n";
}
const std::string kReturn =
    "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment \"allow\" -j RETURN";

TEST(RuleDuplicates, CountsWhatCouldGo) {
  const auto found = kRuleDuplicates.run(NodeEvidence().nft(copies(kReturn, 200)).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::kWarning);
  EXPECT_THAT(found[0].summary, HasSubstr("199 of 200 rules"));
  EXPECT_THAT(found[0].evidence[0], HasSubstr("200 copies of \"-d 10.43.0.0/16"));
  ASSERT_THAT(found[0].repair, SizeIs(1));
  EXPECT_EQ(std::get<DedupeChain>(found[0].repair[0]).chain, "KUBE-ROUTER-INPUT");
}

TEST(RuleDuplicates, NamesWhatWasNotRead) {
  std::string part = copies(kReturn, 3);
  part.insert(part.rfind("COMMIT"), "# unread KUBE-ROUTER-INPUT 1000\n");
  const auto found = kRuleDuplicates.run(NodeEvidence().nft(part).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].evidence, Contains("1000 more rules of the chain were not read"));
}

TEST(RuleDuplicates, LeavesExplosionsToTheirOwnCheck) {
  std::string part = copies(kReturn, 3);
  part.insert(part.rfind("COMMIT"), "# unread KUBE-ROUTER-INPUT 1000000\n");
  EXPECT_THAT(kRuleDuplicates.run(NodeEvidence().nft(part).build()), IsEmpty());
}

TEST(RuleDuplicates, RepairsNothingOfNobodys) {
  const auto found = kRuleDuplicates.run(
      NodeEvidence().nft(copies("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", 2)).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::kInfo);
  EXPECT_THAT(found[0].repair, IsEmpty());
  std::string jumps = copies("-A INPUT -j KUBE-FIREWALL", 2);
  jumps.insert(jumps.find("-A"), ":KUBE-FIREWALL - [0:0]\n");
  const auto owned = kRuleDuplicates.run(NodeEvidence().nft(jumps).build());
  ASSERT_THAT(owned, SizeIs(1));
  EXPECT_THAT(owned[0].repair, SizeIs(1));
}

TEST(RuleDuplicates, LeavesRulesThatDoSomethingEachTime) {
  EXPECT_THAT(
      kRuleDuplicates.run(NodeEvidence().nft(copies("-A INPUT -j LOG --log-prefix x", 50)).build()),
      IsEmpty());
  EXPECT_THAT(kRuleDuplicates.run(NodeEvidence().nft(copies(kReturn, 1)).build()), IsEmpty());
  EXPECT_THAT(kRuleDuplicates.run(
                  NodeEvidence().nft(copies("-A KUBE-NWPLCY-A -p tcp -j RETURN", 2)).build()),
              IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor
