#include "core/doctor/checks/missing-jumps/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/count_text.h"
#include "core/doctor/checks/missing-jumps/jumps.h"
#include "core/doctor/living.h"
#include "core/doctor/rule_tables.h"
#include "core/iptables/match_bytes.h"
#include "core/iptables/rule.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Owner;

struct Damage {
  Severity severity;
  std::string_view text;
};

Damage damageOf(Without without) {
  switch (without) {
    case Without::kServices:
      return {Severity::kCritical, "connections to services, node ports or host ports fail"};
    case Without::kPolicy:
      return {Severity::kCritical, "packets pass without being judged by the chain's rules"};
    case Without::kForwarding:
      return {Severity::kWarning,
              "pods' packets are not accepted here, and fall to the policy of FORWARD"};
    case Without::kMasquerade:
      break;
  }
  return {Severity::kCritical,
          "pods' packets leave with addresses to which no answer finds its way"};
}

/// A chain that only returns is for rules that nobody has made yet.
bool decides(const Chain& chain) {
  return chain.unread > 0 || std::ranges::any_of(chain.rules, [](const iptables::RuleText& rule) {
           return rule.text != "-j RETURN";
         });
}

bool isMissing(const RuleTable& table, const Jump& jump) {
  const Chain* chain = table.find(jump.chain);
  if (table.place().table != jump.table || chain == nullptr || !decides(*chain)) {
    return false;
  }
  const Chain* hook = table.find(jump.hook);
  if (table.whole() || (hook != nullptr && hook->unread == 0 && table.from(jump.chain).empty())) {
    return !table.leadsSomehow(jump.hook, jump.chain);
  }
  return table.lonely(jump.chain);
}

/// action.h InsertRule says what can be put in.
bool canBeInserted(std::string_view text) {
  const auto rule = iptables::parseRule(text);
  return rule && std::ranges::all_of(rule->matches, [](const iptables::Match& match) {
           return match.name == "comment" || match.name == "mark" ||
                  iptables::matchBytesOf(match).has_value();
         });
}

/// K3s runs with and without each of its parts. Where not one chain of an owner is reached, its
/// part may be off, and its chains left over.
bool isAtWork(const Owner& owner, const std::vector<RuleTable>& tables, const Living& living) {
  const auto processes = living.processes(owner);
  const bool itself = std::ranges::any_of(
      processes, [](const Process* process) { return !process->name.starts_with("k3s"); });
  const bool reached = std::ranges::any_of(tables, [&](const RuleTable& table) {
    return std::ranges::any_of(table.chains(), [&](const Chain& chain) {
      return table.reached(chain.name) && iptables::ownerOfChain(chain.name) == &owner;
    });
  });
  return itself || (!processes.empty() && reached);
}

std::string command(const TablePlace& place, const Jump& jump) {
  return fmt::format("{}-{} -t {} -{} {} {}",
                     place.family == IpFamily::kV4 ? "iptables" : "ip6tables",
                     place.backend == Backend::kNft ? "nft" : "legacy", place.table,
                     jump.first ? 'I' : 'A', jump.hook, jump.rule);
}

Finding describeMissing(const RuleTable& table, const Jump& jump, bool atWork,
                        const Living& living) {
  const Owner& owner = *iptables::ownerOfChain(jump.chain);
  const Chain& chain = *table.find(jump.chain);
  const Damage damage = damageOf(jump.without);
  Finding finding;
  finding.severity = damage.severity;
  finding.subject = table.text(jump.hook);
  finding.summary = fmt::format("nothing leads from {} to {}, which has {}", jump.hook, jump.chain,
                                counted(chain.rules.size() + chain.unread, "rule"));
  finding.evidence.push_back(fmt::format("missing: -A {} {}", jump.hook, jump.rule));
  if (const Chain* hook = table.find(jump.hook)) {
    finding.evidence.push_back(
        fmt::format("{} has {}", jump.hook, counted(hook->rules.size() + hook->unread, "rule")));
  }
  finding.owner = living.text(owner);
  finding.consequence = damage.text;
  if (atWork && canBeInserted(jump.rule) && table.find(jump.hook) != nullptr) {
    finding.repair.emplace_back(
        InsertRule{table.place(), std::string(jump.hook), std::string(jump.rule), jump.first});
  }
  finding.remedy = fmt::format("restart {}, or run: {}", owner.name, command(table.place(), jump));
  if (!atWork) {
    finding.remedy += fmt::format(
        "; if {} is switched off here, its chains are left over and can be "
        "deleted",
        owner.name);
  }
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const Living living(evidence);
  std::vector<Finding> findings;
  const std::vector<RuleTable> tables = readRules(evidence);
  for (const RuleTable& table : tables) {
    for (const Jump& jump : jumps()) {
      const Owner* owner = iptables::ownerOfChain(jump.chain);
      if (owner != nullptr && living.of(*owner) != Life::kDead && isMissing(table, jump)) {
        findings.push_back(describeMissing(table, jump, isAtWork(*owner, tables, living), living));
      }
    }
  }
  return findings;
}

constexpr std::string_view kFault =
    "Two programs save and restore the same table, and one puts back what it read before the other "
    "wrote: the chains stay, the jumps to them are lost (k3s#14419: not healed in 46 hours). Or a "
    "person or a firewall has flushed a built-in chain.";
constexpr std::string_view kSeen =
    "Chains of an owner that has a process, with rules, to which no way leads from a built-in "
    "chain "
    "where the owner, in every version in use, puts a jump: kube-proxy's, the kubelet's, "
    "kube-router's, Calico's, Cilium's, flannel's, Docker's and the CNI plugins'. A table that was "
    "read in part counts only where its built-in chain was read, or the kernel's use count says "
    "that "
    "nothing leads to the chain.";
constexpr std::string_view kConsequence =
    "The rules are all there, and no packet passes them: services do not answer, policies are not "
    "enforced, or pods' packets are dropped, as the finding says.";
constexpr std::string_view kRepair =
    "`--fix` puts the jump in as its owner spells it and where its owner puts it, so that the "
    "owner "
    "recognises it. kube-router and Calico do the same by themselves within minutes, kube-proxy "
    "does not "
    "always.";

}  // namespace

const Check kMissingJumps = {"missing-jumps",
                             "Chains with rules that no packet gets to",
                             {kFault, kSeen, kConsequence, kRepair},
                             kOwnedRuleWants,
                             run};

}  // namespace hitless::doctor
