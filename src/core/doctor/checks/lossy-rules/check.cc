#include "core/doctor/checks/lossy-rules/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/doctor/checks/lossy-rules/lossy.h"
#include "core/doctor/living.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Owner;

/// Each rule once.
std::vector<Lossy> lossyIn(const Chain& chain) {
  std::vector<Lossy> found = lossyByShape(chain);
  for (Lossy& lossy : lossyBySibling(chain)) {
    const auto same = std::ranges::find(found, lossy.rule, &Lossy::rule);
    if (same == found.end()) {
      found.push_back(std::move(lossy));
    } else if (same->intact.empty()) {
      same->intact = std::move(lossy.intact);
    }
  }
  return found;
}

std::string command(const TablePlace& place, std::string_view chain, std::string_view rule) {
  return fmt::format("{}-{} -t {} -D {} {}",
                     place.family == IpFamily::kV4 ? "iptables" : "ip6tables",
                     place.backend == Backend::kNft ? "nft" : "legacy", place.table, chain, rule);
}

Finding describeLossy(const RuleTable& table, const Chain& chain, const std::vector<Lossy>& lossy,
                      const Living& living) {
  const Owner& owner = *iptables::ownerOfChain(chain.name);
  const bool reached = table.reached(chain.name);
  Finding finding;
  for (const Lossy& one : lossy) {
    finding.severity = std::max(finding.severity, reached ? one.severity : Severity::kWarning);
    finding.evidence.push_back(fmt::format("-A {} {}: {}", chain.name, one.rule->text, one.what));
    if (!one.intact.empty()) {
      finding.evidence.push_back(fmt::format("beside -A {} {}", chain.name, one.intact));
    }
  }
  finding.evidence.resize(std::min<std::size_t>(finding.evidence.size(), 10));
  finding.subject = table.text(chain.name);
  finding.summary = fmt::format("{} of {} rules of {} have lost a part of what they ask for",
                                lossy.size(), chain.rules.size(), chain.name);
  finding.owner = living.text(owner);
  finding.consequence =
      fmt::format("the rule now takes packets that it was not made for: {}", lossy.front().what);
  finding.remedy = fmt::format(
      "find the older iptables that saved and restored the table, and give all writers one "
      "version; "
      "then restart {}, and delete what it leaves: {}",
      owner.name, command(table.place(), chain.name, lossy.front().rule->text));
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const Living living(evidence);
  std::vector<Finding> findings;
  const std::vector<RuleTable> tables = readRules(evidence);
  for (const RuleTable& table : tables) {
    for (const Chain& chain : table.chains()) {
      const Owner* owner = iptables::ownerOfChain(chain.name);
      if (owner == nullptr || !owner->cluster) {
        continue;
      }
      if (const std::vector<Lossy> lossy = lossyIn(chain); !lossy.empty()) {
        findings.push_back(describeLossy(table, chain, lossy, living));
      }
    }
  }
  return findings;
}

constexpr std::string_view kFault =
    "An old iptables saved a table and restored it. It does not understand all that a newer one "
    "has "
    "written, and puts the rest back: 1.8.4 makes `-d 10.43.0.0/32` of a /16, `-j DROP` of a DROP "
    "for "
    "a mark, and `-p tcp` of `-p tcp --dport 80`; 1.8.7 loses marks and ports (kube-router#1370, "
    "kubernetes#112477).";
constexpr std::string_view kSeen =
    "In chains of Kubernetes and of CNI plugins: rules without a match that their owner always "
    "gives "
    "them (KUBE-FIREWALL's DROP, KUBE-NODEPORTS' ports, marks of KUBE-POSTROUTING and "
    "KUBE-POD-FW-*), "
    "rules for a range that name one address, and rules that stand beside one with the same words "
    "and "
    "a mark, a port or a longer network more. Critical where such a rule takes all packets.";
constexpr std::string_view kConsequence =
    "KUBE-FIREWALL without its mark drops everything; a node port without its port takes ssh away; "
    "a "
    "lost port in an ACCEPT opens all of them.";
constexpr std::string_view kRepair =
    "Nothing automatic: what is missing cannot be known where no intact rule stands beside. Give "
    "all "
    "writers one version of iptables, restart the owner (kube-proxy writes its chains anew, the "
    "kubelet only adds the right rule), and delete the lossy rule with the command that is shown.";

}  // namespace

const Check kLossyRules = {"lossy-rules",
                           "Rules that an older iptables has written back in part",
                           {kFault, kSeen, kConsequence, kRepair},
                           kOwnedRuleWants,
                           run};

}  // namespace hitless::doctor
