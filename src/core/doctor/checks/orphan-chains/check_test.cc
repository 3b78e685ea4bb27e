#include "core/doctor/checks/orphan-chains/check.h"

#include <gmock/gmock.h>

#include "testing/doctor_evidence.h"

namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

/// What is left of kube-proxy where nothing leads to it.
const std::string kLeftover = R"(*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
:MINE - [0:0]
-A KUBE-SEP-A -p tcp -j DNAT --to-destination 10.0.0.1:80
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j KUBE-SVC-A
-A KUBE-SVC-A -j KUBE-SEP-A
-A MINE -j ACCEPT
COMMIT
)";

std::vector<std::string> chainsOf(const Finding& finding) {
  return std::get<DeleteChains>(finding.repair.at(0)).chains;
}

TEST(OrphanChains, FindsChainsOfAnOwnerThatHasGone) {
  const auto found = kOrphanChains.run(
      NodeEvidence().nft(kLeftover).processes({"kubelet", "cilium-agent"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].owner, "kube-proxy (no process)");
  EXPECT_THAT(chainsOf(found[0]),
              ::testing::UnorderedElementsAre("KUBE-SEP-A", "KUBE-SERVICES", "KUBE-SVC-A"));
  EXPECT_EQ(found[0].severity, Severity::kInfo);
}

TEST(OrphanChains, TakesNobodyForDeadWithoutANode) {
  EXPECT_THAT(kOrphanChains.run(NodeEvidence().nft(kLeftover).build()), IsEmpty());
  EXPECT_THAT(kOrphanChains.run(NodeEvidence().nft(kLeftover).processes({"bash"}).build()),
              IsEmpty());
  EXPECT_THAT(
      kOrphanChains.run(NodeEvidence().nft(kLeftover).processes({"kubelet", "kube-proxy"}).build()),
      IsEmpty());
  Process elsewhere;
  elsewhere.name = "kubelet";
  elsewhere.netns = 5;
  EXPECT_THAT(kOrphanChains.run(NodeEvidence().nft(kLeftover).process(elsewhere).build()),
              IsEmpty());
}

TEST(OrphanChains, LeavesWhatAChainThatStaysLeadsTo) {
  std::string held = kLeftover;
  held.insert(held.find("COMMIT"), "-A MINE -j KUBE-SVC-A\n");
  const auto found = kOrphanChains.run(NodeEvidence().nft(held).processes({"containerd"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(chainsOf(found[0]), Contains("KUBE-SERVICES"));
  EXPECT_THAT(chainsOf(found[0]), ::testing::Not(Contains("KUBE-SVC-A")));
  EXPECT_THAT(chainsOf(found[0]), ::testing::Not(Contains("KUBE-SEP-A")));
}

TEST(OrphanChains, FindsWhatTheKnownCureOfK3sLeaves) {
  const std::string cured = R"(*filter
:INPUT ACCEPT [0:0]
:KUBE-NWPLCY-A - [0:0]
:KUBE-POD-FW-A - [0:0]
-A KUBE-NWPLCY-A -j MARK --set-xmark 0x10000/0x10000
-A KUBE-POD-FW-A -j KUBE-NWPLCY-A
COMMIT
)";
  const auto found =
      kOrphanChains.run(NodeEvidence().legacy(cured).processes({"k3s-server"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(chainsOf(found[0]), SizeIs(2));
  std::string working = cured;
  working.insert(working.find("\n-A") + 1, ":KUBE-ROUTER-INPUT - [0:0]\n");
  EXPECT_THAT(kOrphanChains.run(NodeEvidence().legacy(working).processes({"k3s-server"}).build()),
              IsEmpty());
}

TEST(OrphanChains, BelievesTheKernelsCountWhereATableWasReadInPart) {
  std::string part = kLeftover;
  part.insert(part.find("COMMIT"), "# unread MINE 100000\n");
  const auto found = kOrphanChains.run(NodeEvidence().nft(part).processes({"kubelet"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(chainsOf(found[0]), std::vector<std::string>({"KUBE-SERVICES"}));
  EXPECT_THAT(kOrphanChains.run(NodeEvidence().legacy(part).processes({"kubelet"}).build()),
              IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor
