#include "core/doctor/checks/missing-jumps/check.h"

#include <gmock/gmock.h>

#include "testing/doctor_evidence.h"
#include "testing/node_rules.h"
namespace hitless::doctor {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NodeEvidence;
using ::testing::SizeIs;

const testing::NodeRules& k3s() {
  static const auto kNodes = testing::healthyNodes();
  return kNodes.back();
}

/// K3s' rules without the lines that hold a text.
std::string without(const std::string& text) {
  std::string kept;
  std::istringstream lines(k3s().read("save"));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(text) == std::string::npos) {
      kept += line + "\n";
    }
  }
  return kept;
}

TEST(MissingJumps, FindsEachThatIsTakenAwayAndPutsItBackAsItWas) {
  for (const char* lost :
       {"-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD",
        "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "-A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING",
        "-A INPUT -m comment --comment \"kube-router netpol - 4IA2OSFRMVNDXBVV\" -j "
        "KUBE-ROUTER-INPUT",
        "-A FORWARD -m comment --comment \"flanneld forward\" -j FLANNEL-FWD",
        "-A INPUT -j KUBE-FIREWALL",
        "-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"}) {
    const auto found =
        kMissingJumps.run(NodeEvidence().nft(without(lost)).processes({"k3s-server"}).build());
    ASSERT_THAT(found, SizeIs(1)) << lost;
    ASSERT_THAT(found[0].repair, SizeIs(1)) << lost;
    const auto& action = std::get<InsertRule>(found[0].repair[0]);
    EXPECT_EQ("-A " + action.chain + " " + action.rule, lost);
  }
}

TEST(MissingJumps, ShowsTheCommandBesideTheRepair) {
  const auto found = kMissingJumps.run(
      NodeEvidence().legacy(without("-A PREROUTING -m addrtype")).processes({"k3s"}).build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].repair, SizeIs(1));
  EXPECT_THAT(found[0].remedy,
              HasSubstr("iptables-legacy -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j "
                        "CNI-HOSTPORT-DNAT"));
}

TEST(MissingJumps, TakesChainsWithoutAnyWayInForLeftOversOfK3s) {
  const auto found =
      kMissingJumps.run(NodeEvidence()
                            .nft("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT "
                                 "[0:0]\n-A KUBE-FORWARD -m mark --mark 1 -j ACCEPT\n"
                                 "COMMIT\n")
                            .processes({"k3s"})
                            .build());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].repair, IsEmpty());
}

TEST(MissingJumps, IsSilentWhereTheOwnerIsDeadOrTheHookWasNotRead) {
  EXPECT_THAT(kMissingJumps.run(
                  NodeEvidence().nft(without("-j KUBE-FORWARD")).processes({"dockerd"}).build()),
              IsEmpty());
  std::string part = without("-j KUBE-FORWARD");
  part.insert(part.rfind("COMMIT"), "# unread FORWARD 5\n");
  EXPECT_THAT(kMissingJumps.run(NodeEvidence().legacy(part).processes({"k3s"}).build()), IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor
