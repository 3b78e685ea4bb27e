#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "core/doctor/checks/foreign-drop/check.h"
#include "core/doctor/checks/forward-policy-drop/check.h"
#include "core/doctor/checks/lossy-rules/check.h"
#include "core/doctor/checks/masquerade-missing/check.h"
#include "core/doctor/checks/missing-jumps/check.h"
#include "core/doctor/checks/mixed-backends/check.h"
#include "core/doctor/checks/orphan-chains/check.h"
#include "core/doctor/checks/rule-duplicates/check.h"
#include "core/doctor/evidence_names.h"
#include "core/doctor/examine.h"
#include "core/doctor/links.h"
#include "core/doctor/processes.h"
#include "core/netlink/ipset_codec.h"
#include "sys/doctor/collector.h"
#include "sys/doctor/ip_sets.h"
#include "sys/netlink/link.h"
#include "testing/doctor_node.h"
#include "testing/netns.h"
#include "testing/node_rules.h"

/// Real rules of real iptables, on both back-ends. The processes of a node are not there: who lives
/// is put into the evidence.
namespace hitless::sys {
namespace {

using doctor::Check;
using doctor::Evidence;
using doctor::Finding;
using testing::Healer;
using testing::inNamespaces;
using testing::NodeRules;
using testing::outputOf;

const char* const kBackends[] = {"nft", "legacy"};
/// Nothing happens between the samples.
const CollectOptions kQuick{.interval = std::chrono::milliseconds(1)};

void runWith(const std::string& command, const std::string& input) {
  const std::string file = "/tmp/hitless-rule-checks-" + std::to_string(::getpid());
  std::ofstream(file) << input;
  EXPECT_EQ(outputOf(command + " < " + file), "") << command;
  ::unlink(file.c_str());
}

void restore(const std::string& backend, const std::string& save) {
  runWith("iptables-" + backend + "-restore --noflush", save);
}

void addBridge(const std::string& name, const std::string& address) {
  auto links = Links::open();
  ASSERT_OK(links);
  ASSERT_OK(links->addBridge(name));
  ASSERT_OK(links->addAddress(name, *Cidr::parse(address)));
  ASSERT_OK(links->setUp(name));
}

/// What was collected, with these processes in the namespace.
Evidence evidenceFor(const Check& check, const std::vector<std::string>& lives) {
  Evidence evidence = collect(check.wants, kQuick);
  auto& files = evidence.samples[0].files;
  const auto links = files.find(doctor::names::kLinks);
  const auto network =
      links == files.end() ? Result<doctor::Network>() : doctor::parseNetwork(links->second);
  std::vector<doctor::Process> processes;
  for (const std::string& name : lives) {
    doctor::Process& process = processes.emplace_back();
    process.pid = static_cast<std::int32_t>(1000 + processes.size());
    process.name = name;
    process.netns = network ? network->own : 0;
  }
  files.insert_or_assign(std::string(doctor::names::kProcesses),
                         doctor::renderProcesses(processes));
  return evidence;
}

std::vector<Finding> look(const Check& check, const std::vector<std::string>& lives) {
  return check.run(evidenceFor(check, lives));
}

std::string saved(const std::string& backend) {
  return outputOf("iptables-" + backend + "-save | grep -v '^#' | sed 's/\\[.*//'");
}

/// Found, repaired, silent, undone, as it was before. The healthy node was silent before.
void expectHealed(const Check& check, const std::string& backend,
                  const std::vector<std::string>& lives) {
  const std::string before = saved(backend);
  const auto found = look(check, lives);
  ASSERT_EQ(found.size(), 1U) << check.id << " on " << backend;
  Healer healer;
  healer.repair(found);
  EXPECT_TRUE(look(check, lives).empty()) << check.id << " on " << backend;
  EXPECT_TRUE(saved(backend) != before);
  healer.undo();
  EXPECT_TRUE(saved(backend) == before)
      << saved(backend).substr(0, 4000) << check.id << " on " << backend;
}

/// False: this kernel has no IP sets.
bool makeSets(const std::string& made) {
  auto sets = IpSets::open();
  if (!sets) {
    return false;
  }
  std::istringstream lines(made);
  for (std::string word, name, rest; lines >> word >> name && std::getline(lines, rest);) {
    EXPECT_TRUE(sets->create(netlink::hashOfAddresses(name, 1024)).has_value()) << name;
  }
  return true;
}

std::string withoutSets(const std::string& save) {
  std::istringstream lines(save);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    kept += line.find("--match-set") == std::string::npos ? line + "\n" : "";
  }
  return kept;
}

/// Those that look at rules: others see the machine that the test runs on.
std::vector<const Check*> ruleChecks() {
  const std::set<std::string_view> ofRules = {
      doctor::names::kNftRules4, doctor::names::kLegacyRules4, doctor::names::kNftChains,
      doctor::names::kLegacyTables};
  std::vector<const Check*> found;
  for (const Check* check : doctor::checks()) {
    for (const doctor::Want& want : check->wants) {
      if (ofRules.contains(want.name)) {
        found.push_back(check);
        break;
      }
    }
  }
  return found;
}

void loadNode(const NodeRules& node, const std::string& backend) {
  const std::string sets = node.read("ipset");
  const std::string save = node.read("save");
  restore(backend, sets.empty() || makeSets(sets) ? save : withoutSets(save));
  if (const std::string save6 = node.read("save6"); !save6.empty()) {
    runWith("ip6tables-" + backend + "-restore --noflush", save6);
  }
  if (const std::string nft = node.read("nft"); !nft.empty()) {
    runWith("nft -f -", nft);
  }
  if (!node.bridge.empty()) {
    addBridge(node.bridge, node.address);
  }
}

void expectSilence(const NodeRules& node, const std::string& backend) {
  for (const Check* check : ruleChecks()) {
    Evidence evidence = evidenceFor(*check, node.processes);
    if (!node.flannelSubnet.empty()) {
      evidence.samples[0].files["run/flannel/subnet.env"] = node.flannelSubnet;
    }
    const auto found = check->run(evidence);
    EXPECT_TRUE(found.empty()) << node.file << " on " << backend << ": " << check->id << ": "
                               << found[0].summary;
    // As it is, where nobody knows the processes of this namespace.
    const auto asIs = check->run(collect(check->wants, kQuick));
    EXPECT_TRUE(asIs.empty()) << node.file << " on " << backend << ": " << check->id << ": "
                              << asIs[0].summary;
  }
}

TEST(RuleChecks, AreSilentOnHealthyNodes) {
  EXPECT_GE(ruleChecks().size(), 8U);
  for (const NodeRules& node : testing::healthyNodes()) {
    for (const std::string backend : kBackends) {
      inNamespaces([&] {
        loadNode(node, backend);
        expectSilence(node, backend);
      });
    }
  }
}

TEST(RuleChecks, JumpsThatAreLostArePutBackAsTheirOwnersKnowThem) {
  const std::string jumps[] = {
      "filter FORWARD -m comment --comment 'kubernetes forwarding rules' -j KUBE-FORWARD",
      "filter FORWARD -m conntrack --ctstate NEW -m comment --comment 'kubernetes service portals' "
      "-j KUBE-SERVICES",
      "nat PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"};
  for (const std::string backend : kBackends) {
    inNamespaces([&] {
      const NodeRules k3s = testing::healthyNodes().back();
      restore(backend, k3s.read("save"));
      // A chain without rules needs no jump, and K3s has no service here that REJECTs.
      const std::string iptables = "iptables-" + backend + " ";
      ASSERT_EQ(outputOf(iptables + "-A KUBE-SERVICES -d 10.43.0.9/32 -j REJECT"), "");
      EXPECT_TRUE(look(doctor::kMissingJumps, k3s.processes).empty());
      for (const std::string& jump : jumps) {
        const std::size_t space = jump.find(' ');
        const std::string table = iptables + "-t " + jump.substr(0, space);
        ASSERT_EQ(outputOf(table + " -D" + jump.substr(space)), "");
        expectHealed(doctor::kMissingJumps, backend, k3s.processes);
        Healer healer;
        healer.repair(look(doctor::kMissingJumps, k3s.processes));
        EXPECT_EQ(outputOf(table + " -C" + jump.substr(space)), "") << jump << " on " << backend;
      }
    });
  }
}

TEST(RuleChecks, OrphansAreDeletedAndBroughtBack) {
  for (const std::string backend : kBackends) {
    inNamespaces([&] {
      restore(backend,
              "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SVC-A - [0:0]\n:KUBE-SEP-A - [0:0]\n:MINE - "
              "[0:0]\n-A KUBE-SVC-A -j KUBE-SEP-A\n-A KUBE-SEP-A -p tcp -j DNAT --to-destination "
              "10.0.0.1:80\n-A MINE -j ACCEPT\nCOMMIT\n");
      EXPECT_TRUE(look(doctor::kOrphanChains, {"kubelet", "kube-proxy"}).empty());
      expectHealed(doctor::kOrphanChains, backend, {"kubelet", "cilium-agent"});
    });
  }
}

TEST(RuleChecks, DropsOfAnOwnerThatHasGoneAreDeletedWithTheirJumps) {
  for (const std::string backend : kBackends) {
    inNamespaces([&] {
      restore(backend,
              "*filter\n:OUTPUT ACCEPT [0:0]\n:cali-OUTPUT - [0:0]\n:cali-fw - [0:0]\n-A OUTPUT -m "
              "comment --comment \"cali:tVnHkvAo15HuiPy0\" -j cali-OUTPUT\n-A cali-OUTPUT -j "
              "cali-fw\n-A cali-fw -p udp -m udp --dport 9 -j DROP\nCOMMIT\n");
      EXPECT_TRUE(look(doctor::kForeignDrop, {"kubelet", "calico-node"}).empty());
      const auto down = look(doctor::kForeignDrop, {"kubelet"});
      ASSERT_EQ(down.size(), 1U);
      EXPECT_TRUE(down[0].repair.empty());
      expectHealed(doctor::kForeignDrop, backend, {"kubelet", "cilium-agent"});
    });
  }
}

TEST(RuleChecks, ForwardingThatIsDeniedIsAccepted) {
  for (const std::string backend : kBackends) {
    inNamespaces([&] {
      addBridge("cni0", "10.42.0.1/24");
      restore(backend,
              "*filter\n:FORWARD ACCEPT [0:0]\n:KUBE-FORWARD - [0:0]\n-A FORWARD -m comment "
              "--comment \"kubernetes forwarding rules\" -j KUBE-FORWARD\n-A KUBE-FORWARD -m mark "
              "--mark 0x4000/0x4000 -j ACCEPT\nCOMMIT\n");
      EXPECT_TRUE(look(doctor::kForwardPolicyDrop, {"kubelet", "kube-proxy"}).empty());
      ASSERT_EQ(outputOf("iptables-" + backend + " -P FORWARD DROP"), "");
      expectHealed(doctor::kForwardPolicyDrop, backend, {"kubelet", "kube-proxy"});
    });
  }
}

TEST(RuleChecks, RepetitionsAreTakenOut) {
  for (const std::string backend : kBackends) {
    inNamespaces([&] {
      const std::string rule =
          "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment \"allow\" -j RETURN\n";
      const std::string once =
          "*filter\n:INPUT ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\n-A INPUT "
          "-j KUBE-ROUTER-INPUT\n" +
          rule;
      restore(backend, once + "COMMIT\n");
      EXPECT_TRUE(look(doctor::kRuleDuplicates, {}).empty());
      std::string more = "*filter\n";
      for (int i = 0; i < 300; ++i) {
        more += rule;
      }
      restore(backend, more + "COMMIT\n");
      expectHealed(doctor::kRuleDuplicates, backend, {"k3s-server"});
    });
  }
}

TEST(RuleChecks, BothBackendsAreSeen) {
  inNamespaces([] {
    const std::string rules =
        "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j "
        "KUBE-SERVICES\n-A "
        "KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination "
        "10.0.0.1:6443\nCOMMIT\n";
    restore("nft", rules);
    restore("legacy", "*nat\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n");
    EXPECT_TRUE(look(doctor::kMixedBackends, {"kube-proxy"}).empty());
    restore("legacy", rules);
    const auto found = look(doctor::kMixedBackends, {"kube-proxy"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].repair.empty());
  });
}

TEST(RuleChecks, RulesThatHaveLostAMatchAreSeen) {
  for (const std::string backend : kBackends) {
    inNamespaces([&] {
      restore(
          backend,
          "*filter\n:OUTPUT ACCEPT [0:0]\n:KUBE-FIREWALL - [0:0]\n-A OUTPUT -j KUBE-FIREWALL\n-A "
          "KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP\nCOMMIT\n");
      EXPECT_TRUE(look(doctor::kLossyRules, {"kubelet"}).empty());
      ASSERT_EQ(outputOf("iptables-" + backend + " -A KUBE-FIREWALL -j DROP"), "");
      const auto found = look(doctor::kLossyRules, {"kubelet"});
      ASSERT_EQ(found.size(), 1U);
      EXPECT_EQ(found[0].severity, doctor::Severity::kCritical);
      EXPECT_EQ(found[0].evidence.size(), 2U);
    });
  }
}

TEST(RuleChecks, MasqueradingThatIsFlushedIsSeen) {
  for (const std::string backend : kBackends) {
    inNamespaces([&] {
      const NodeRules k3s = testing::healthyNodes().back();
      loadNode(k3s, backend);
      const auto masquerade = [&] {
        Evidence evidence = evidenceFor(doctor::kMasqueradeMissing, k3s.processes);
        evidence.samples[0].files["run/flannel/subnet.env"] = k3s.flannelSubnet;
        return doctor::kMasqueradeMissing.run(evidence);
      };
      EXPECT_TRUE(masquerade().empty());
      ASSERT_EQ(outputOf("iptables-" + backend + " -t nat -F FLANNEL-POSTRTG"), "");
      EXPECT_EQ(masquerade().size(), 1U);
    });
  }
}

}  // namespace
}  // namespace hitless::sys
