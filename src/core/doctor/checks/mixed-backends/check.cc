#include "core/doctor/checks/mixed-backends/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "core/doctor/living.h"
#include "core/doctor/nft_changes.h"
#include "core/doctor/rule_tables.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Owner;

struct Holding {
  std::size_t chains = 0;  ///< With rules.
  std::size_t rules = 0;
};
using Holdings = std::map<const Owner*, Holding>;

/// Whose rules of one family are on one side.
Holdings holdings(const std::vector<RuleTable>& tables, Backend backend, IpFamily family) {
  Holdings found;
  for (const RuleTable& table : tables) {
    if (table.place().backend != backend || table.place().family != family) {
      continue;
    }
    for (const Chain& chain : table.chains()) {
      const Owner* owner = chain.builtIn() ? nullptr : iptables::ownerOfChain(chain.name);
      const std::size_t rules = chain.rules.size() + chain.unread;
      if (owner == nullptr || rules == 0 || !owner->cluster) {
        continue;
      }
      ++found[owner].chains;
      found[owner].rules += rules;
    }
  }
  return found;
}

std::string text(const Holdings& held) {
  std::vector<std::string> parts;
  for (const auto& [owner, holding] : held) {
    parts.push_back(
        fmt::format("{} ({} rules in {} chains)", owner->name, holding.rules, holding.chains));
  }
  std::ranges::sort(parts);
  return join(parts, ", ");
}

/// The sides on which an owner was seen to write: by its children that run iptables, and by what
/// the kernel told of transactions.
class Writers {
 public:
  Writers(const Evidence& evidence, const Living& living) {
    for (const Process& process : living.all()) {
      byPid_[process.pid] = &process;
    }
    for (const iptables::Owner* owner : iptables::owners()) {
      for (const Process* process : living.processes(*owner)) {
        ownersOf_[process->pid].insert(owner);
      }
    }
    for (const Process& process : living.all()) {
      noteTool(process);
    }
    noteChanges(evidence);
  }

  bool only(const Owner* owner, Backend backend) const {
    const auto found = sides_.find(owner);
    return found != sides_.end() && found->second == std::set<Backend>{backend};
  }
  const std::vector<std::string>& seen() const { return seen_; }

 private:
  void noteTool(const Process& tool) {
    const bool legacy = tool.executable.find("xtables-legacy") != std::string::npos;
    const bool nft = tool.executable.find("xtables-nft") != std::string::npos;
    if (!isPacketFilterTool(tool.name) || legacy == nft) {
      return;
    }
    const Process* ancestor = &tool;
    for (int depth = 0; depth < 8 && ancestor != nullptr; ++depth) {
      for (const Owner* owner : ownersOf_[ancestor->pid]) {
        sides_[owner].insert(legacy ? Backend::kLegacy : Backend::kNft);
      }
      const auto parent = byPid_.find(ancestor->parent);
      ancestor = parent == byPid_.end() ? nullptr : parent->second;
    }
    seen_.push_back(fmt::format("{} (pid {}, parent {}) runs {}", tool.name, tool.pid, tool.parent,
                                tool.executable));
  }

  void noteChanges(const Evidence& evidence) {
    const std::string* json = evidence.find(names::kNftChanges);
    const auto changes = json == nullptr ? Result<NftChanges>() : parseNftChanges(*json);
    if (!changes) {
      return;
    }
    for (const NftChainChange& change : changes->chains) {
      const Owner* owner = iptables::ownerOfChain(change.chain);
      if (owner != nullptr && (change.family == "ip" || change.family == "ip6")) {
        sides_[owner].insert(Backend::kNft);
        seen_.push_back(fmt::format("{} (pid {}) changed {} {} {} (nft) while we looked",
                                    change.process, change.pid, change.family, change.table,
                                    change.chain));
      }
    }
  }

  std::map<std::int32_t, const Process*> byPid_;
  std::map<std::int32_t, std::set<const Owner*>> ownersOf_;
  std::map<const Owner*, std::set<Backend>> sides_;
  std::vector<std::string> seen_;
};

Backend otherThan(Backend backend) {
  return backend == Backend::kNft ? Backend::kLegacy : Backend::kNft;
}

/// Chains of owners that were seen to write on the other side, and only there.
std::vector<Action> repairs(const std::vector<RuleTable>& tables, IpFamily family,
                            const Writers& writers) {
  std::vector<Action> actions;
  for (const RuleTable& table : tables) {
    DeleteChains action{table.place(), {}};
    for (const Chain& chain : table.chains()) {
      const Owner* owner = chain.builtIn() ? nullptr : iptables::ownerOfChain(chain.name);
      if (owner != nullptr && owner->cluster &&
          writers.only(owner, otherThan(table.place().backend))) {
        action.chains.emplace_back(chain.name);
      }
    }
    if (table.place().family == family && !action.chains.empty()) {
      actions.emplace_back(std::move(action));
    }
  }
  return actions;
}

Finding describeMixture(const std::vector<RuleTable>& tables, IpFamily family,
                        const Holdings& legacy, const Holdings& nft, const Writers& writers,
                        const Living& living) {
  Finding finding;
  finding.severity = Severity::kWarning;
  finding.subject = family == IpFamily::kV4 ? "ip (legacy and nft)" : "ip6 (legacy and nft)";
  finding.summary = "both back-ends of iptables hold rules of the cluster's network";
  finding.evidence.push_back("legacy: " + text(legacy));
  finding.evidence.push_back("nft: " + text(nft));
  finding.evidence.insert(finding.evidence.end(), writers.seen().begin(), writers.seen().end());
  std::vector<std::string> owners;
  for (const auto& [owner, holding] : legacy) {
    owners.push_back(living.text(*owner));
  }
  finding.owner = "legacy: " + join(owners, ", ");
  finding.consequence =
      "every packet passes both; a verdict or a DNAT of the side that nobody writes any more wins "
      "over the other, which answers with addresses of pods that are gone (kubernetes#109811)";
  finding.repair = repairs(tables, family, writers);
  finding.remedy =
      finding.repair.empty()
          ? "find out which side is written (`hitless doctor --watch`, `iptables --version` of the "
            "host and of each agent's image), make all use one back-end, and reboot the node or "
            "delete the other side's chains of these owners"
          : "`hitless doctor --fix mixed-backends` deletes the chains of the side that their owner "
            "does not write";
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const Living living(evidence);
  const std::vector<RuleTable> tables = readRules(evidence);
  const Writers writers(evidence, living);
  std::vector<Finding> findings;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const Holdings legacy = holdings(tables, Backend::kLegacy, family);
    const Holdings nft = holdings(tables, Backend::kNft, family);
    if (!legacy.empty() && !nft.empty()) {
      findings.push_back(describeMixture(tables, family, legacy, nft, writers, living));
    }
  }
  return findings;
}

constexpr Want kWants[] = {{names::kNftRules4},    {names::kNftRules6}, {names::kLegacyRules4},
                           {names::kLegacyRules6}, {names::kNftChains}, {names::kProcesses},
                           {names::kLinks},        {names::kNftChanges}};

constexpr std::string_view kFault =
    "The host and an agent's image chose different back-ends of iptables, or a node moved from one "
    "to the other without a reboot. Each side sees nothing of the other (kubernetes#109811, "
    "kube-router#1069, cilium#28260).";
constexpr std::string_view kSeen =
    "Chains with rules of Kubernetes or of a CNI plugin, of one IP family, in the legacy tables "
    "and "
    "in nf_tables alike. Built-in chains, empty chains, and rules of Docker, of a firewall or of a "
    "person do not count. Which side is written is known from children of the owner that run "
    "xtables-legacy-multi or xtables-nft-multi, and from what nf_tables tells of transactions.";
constexpr std::string_view kConsequence =
    "Every packet passes both sets of rules. The old side's DNAT sends connections to pods that "
    "are "
    "gone, its policies drop what the new side allows.";
constexpr std::string_view kRepair =
    "Where an owner was seen to write one side, and only that, `--fix` deletes its chains on the "
    "other side, with the rules that lead there. Else nothing is automatic: make all agents use "
    "one "
    "back-end, then reboot the node, or delete the chains by hand.";

}  // namespace

const Check kMixedBackends = {"mixed-backends",
                              "Both back-ends of iptables hold rules of the cluster's network",
                              {kFault, kSeen, kConsequence, kRepair},
                              kWants,
                              run};

}  // namespace hitless::doctor
