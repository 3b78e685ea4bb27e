#include "core/doctor/checks/forward-policy-drop/check.h"

#include <gmock/gmock.h>

#include "testing/doctor_evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

std::string filter(const std::string& rules, const std::string& policy = "DROP [12:720]") {
  return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD " + policy + "\n" + rules + "COMMIT\n";
}
const std::string kKube =
    "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n-A FORWARD -j KUBE-FORWARD\n"
    "-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\n"
    "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

std::vector<Finding> findingsOf(const std::string& save) {
  return kForwardPolicyDrop.run(NodeEvidence()
                                    .nft(save)
                                    .processes({"kubelet", "dockerd"})
                                    .bridge("cni0", "10.42.0.1/24")
                                    .bridge("docker0", "172.17.0.1/16")
                                    .build());
}

TEST(ForwardPolicyDrop, FindsPodsThatNobodyAccepts) {
  const auto found = findingsOf(filter(kKube));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_THAT(found[0].summary, HasSubstr("10.42.0.0/24"));
  EXPECT_THAT(found[0].summary, ::testing::Not(HasSubstr("172.17")));
  ASSERT_THAT(found[0].repair, SizeIs(2));
  const auto& action = std::get<InsertRule>(found[0].repair[0]);
  EXPECT_EQ(action.chain, "FORWARD");
  EXPECT_FALSE(action.first);
}

TEST(ForwardPolicyDrop, IsSilentWhereARuleMayAccept) {
  for (const char* rule :
       {"-s 10.42.0.0/16 -j ACCEPT", "-d 10.42.0.7/32 -j ACCEPT", "-i cni0 -j ACCEPT", "-j ACCEPT",
        "-m set --match-set pods src -j ACCEPT", "-m conntrack --ctstate NEW -j ACCEPT"}) {
    EXPECT_THAT(findingsOf(filter(kKube + "-A FORWARD " + rule + "\n")), IsEmpty()) << rule;
  }
  EXPECT_THAT(findingsOf(filter(kKube + "# unread FORWARD 7\n")), IsEmpty());
  EXPECT_THAT(findingsOf(filter(kKube, "ACCEPT [0:0]")), IsEmpty());
}

TEST(ForwardPolicyDrop, IsSilentOnDockerAlone) {
  EXPECT_THAT(findingsOf(filter("-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n"
                                "-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j RETURN\n")),
              IsEmpty());
}

TEST(ForwardPolicyDrop, DoesNotCountWhatNothingLeadsTo) {
  EXPECT_THAT(findingsOf(filter(kKube + "-A FLANNEL-FWD -s 10.42.0.0/16 -j ACCEPT\n")), SizeIs(1));
}

}  // namespace
}  // namespace hitless::doctor
