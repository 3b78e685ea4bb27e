#include "core/iptables/owners.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

namespace hitless::iptables {
namespace {

std::string ownerName(std::string_view chain) {
  const Owner* owner = ownerOfChain(chain);
  return owner == nullptr ? "" : std::string(owner->name);
}

std::string ruleOwner(std::string_view chain, std::string_view text) {
  const Owner* owner = ownerOfRule(chain, RuleText{text, {}, 1});
  return owner == nullptr ? "" : std::string(owner->name);
}

TEST(Owners, KnowsChainsByTheirNames) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"KUBE-SERVICES", "kube-proxy"},
      {"KUBE-SVC-ERIFXISQEP7F7OF4", "kube-proxy"},
      {"KUBE-SEP-TTX3JD3LCUV2YKGT", "kube-proxy"},
      {"KUBE-FW-CG5I4G2RS3ZVWGLK", "kube-proxy"},
      {"KUBE-FORWARD", "kube-proxy"},
      {"KUBE-PROXY-FIREWALL", "kube-proxy"},
      {"KUBE-PROXY-CANARY", "kube-proxy"},
      {"KUBE-IPVS-OUT-FILTER", "kube-proxy"},
      {"KUBE-NODE-PORT", "kube-proxy"},
      {"KUBE-NODEPORTS", "kube-proxy"},
      {"KUBE-FIREWALL", "kubelet"},
      {"KUBE-KUBELET-CANARY", "kubelet"},
      {"KUBE-IPTABLES-HINT", "kubelet"},
      {"KUBE-ROUTER-INPUT", "kube-router"},
      {"KUBE-POD-FW-K2EQYKEPG7AUIE2N", "kube-router"},
      {"KUBE-NWPLCY-DEFAULT", "kube-router"},
      {"cali-FORWARD", "calico"},
      {"cali-tw-cali0ef24", "calico"},
      {"FLANNEL-POSTRTG", "flannel"},
      {"CNI-HOSTPORT-DNAT", "CNI plugins"},
      {"CNI-DN-5a3f1b", "CNI plugins"},
      {"WEAVE-NPC", "weave"},
      {"OLD_CILIUM_FORWARD", "cilium"},
      {"AWS-SNAT-CHAIN-0", "aws-vpc-cni"},
      {"ANTREA-FORWARD", "antrea"},
      {"DOCKER", "docker"},
      {"DOCKER-ISOLATION-STAGE-1", "docker"},
      {"NETAVARK_FORWARD", "netavark"},
      {"LIBVIRT_FWO", "libvirt"},
      {"INPUT_direct", "firewalld"},
      {"FORWARD_IN_ZONES_SOURCE", "firewalld"},
      {"IN_public_allow", "firewalld"},
      {"POST_nm-shared", "firewalld"},
      {"ufw6-user-input", "ufw"},
      {"f2b-sshd", "fail2ban"},
      {"ISTIO_OUTPUT", "istio"},
  };
  for (const auto& [chain, owner] : cases) {
    EXPECT_EQ(ownerName(chain), owner) << chain;
  }
}

TEST(Owners, LeavesWhatItDoesNotKnowToNobody) {
  for (const char* chain : {"INPUT", "FORWARD", "POSTROUTING", "", "MY-CHAIN", "KUBE", "KUBE-X",
                            "IN_web", "IN_publicity", "IN_public_x", "DOCKERS", "calico", "f2b",
                            "PRE_", "INPUT_", "kube-services"}) {
    EXPECT_EQ(ownerName(chain), "") << chain;
  }
}

TEST(Owners, KnowsRulesByChainThenByTargetThenByComment) {
  EXPECT_EQ(ruleOwner("KUBE-FORWARD", "-j ACCEPT"), "kube-proxy");
  EXPECT_EQ(ruleOwner("KUBE-FORWARD", "-j cali-FORWARD"), "kube-proxy");
  EXPECT_EQ(ruleOwner("FORWARD", "-m comment --comment \"kubernetes x\" -j cali-FORWARD"),
            "calico");
  EXPECT_EQ(ruleOwner("FORWARD", "-g DOCKER-USER"), "docker");
  EXPECT_EQ(ruleOwner("FORWARD", "-m comment --comment \"cali:S93hcgKJrXEqnTfs\" -j ACCEPT"),
            "calico");
  EXPECT_EQ(ruleOwner("POSTROUTING",
                      "-s 10.1.0.7/32 -m comment --comment "
                      "\"name: \\\"bridge\\\" id: \\\"f00\\\"\" -j MASQUERADE"),
            "CNI plugins");
  EXPECT_EQ(ruleOwner("INPUT", "-p tcp -m tcp --dport 22 -j ACCEPT"), "");
}

TEST(Owners, DoesNotReadTargetsOutOfComments) {
  EXPECT_EQ(ruleOwner("INPUT", "-m comment --comment \"see -j KUBE-SERVICES here\" -j ACCEPT"), "");
  EXPECT_EQ(ruleOwner("INPUT", "-m comment --comment \"a \\\" -j KUBE-FORWARD\" -j ACCEPT"), "");
  EXPECT_EQ(ruleOwner("INPUT", "-m comment --comment \"open"), "");
  EXPECT_EQ(ruleOwner("INPUT", "-j"), "");
  EXPECT_EQ(ruleOwner("INPUT", "-m comment --comment"), "");
}

TEST(Owners, HasOneEntryForEachName) {
  std::set<std::string_view> names;
  for (const Owner* owner : owners()) {
    EXPECT_TRUE(names.insert(owner->name).second) << owner->name;
  }
  EXPECT_TRUE(names.contains("hitless"));
  EXPECT_EQ(names.size(), owners().size());
}

TEST(Owners, K3sIsWhatEmbeds) {
  for (const char* chain : {"KUBE-SERVICES", "KUBE-FIREWALL", "KUBE-ROUTER-INPUT", "FLANNEL-FWD"}) {
    const Owner* owner = ownerOfChain(chain);
    ASSERT_NE(owner, nullptr);
    EXPECT_NE(std::ranges::find(owner->processes, "k3s"), owner->processes.end()) << chain;
  }
}

TEST(OwnersFuzz, SurvivesAnyBytes) {
  std::mt19937 random(20261122);
  constexpr std::string_view kPieces[] = {"-j",    " ",   "\"",  "\\",     "--comment", "KUBE-",
                                          "cali:", "-g ", "IN_", "public", "\xff"};
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (int piece = 0; piece < 12; ++piece) {
      text += kPieces[random() % std::size(kPieces)];
      text.resize(text.size() - (text.empty() ? 0 : random() % 2));
    }
    ruleOwner("INPUT", text);
    ruleOwner(text, text);
  }
}

}  // namespace
}  // namespace hitless::iptables
