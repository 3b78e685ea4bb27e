#include "core/doctor/checks/orphan-chains/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/count_text.h"
#include "core/doctor/living.h"
#include "core/doctor/rule_tables.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Owner;

/// From here on chains cost memory and every iptables command time that somebody notices.
constexpr std::size_t kMany = 100;

/// Chains that nothing needs to lead to: canaries, which tell their owner of a flush, and chains
/// for the user's own rules.
constexpr std::string_view kHooks[] = {"KUBE-PROXY-CANARY",  "KUBE-KUBELET-CANARY",
                                       "KUBE-IPTABLES-HINT", "DOCKER-USER",
                                       "CNI-ADMIN",          "KUBE-ROUTER-CANARY"};
/// Kubelets before 1.28 make these, too.
constexpr std::string_view kShared[] = {"KUBE-MARK-DROP", "KUBE-MARK-MASQ", "KUBE-POSTROUTING"};

bool isIn(std::string_view name, std::span<const std::string_view> list) {
  return std::ranges::find(list, name) != list.end();
}

/// kube-router makes KUBE-ROUTER-* first and deletes what it does not need with each round. Where
/// they are missing it is not at work, whatever lives (K3s runs with and without it).
bool leftByKubeRouter(const Owner& owner, const RuleTable& table) {
  return owner.name == "kube-router" &&
         std::ranges::none_of(table.chains(), [](const Chain& chain) {
           return chain.name.starts_with("KUBE-ROUTER-");
         });
}

bool isCandidate(const Chain& chain, const RuleTable& table, const Living& living) {
  const Owner* owner = chain.builtIn() ? nullptr : iptables::ownerOfChain(chain.name);
  if (owner == nullptr || isIn(chain.name, kHooks) || chain.unread > 0) {
    return false;
  }
  static constexpr std::string_view kKubelet = "KUBE-FIREWALL";
  if (isIn(chain.name, kShared) && living.of(*iptables::ownerOfChain(kKubelet)) != Life::kDead) {
    return false;
  }
  const bool alone = table.whole() ? !table.reached(chain.name) : table.lonely(chain.name);
  return alone && (living.of(*owner) == Life::kDead || leftByKubeRouter(*owner, table));
}

/// Without those that a chain which stays leads to.
std::set<std::string_view> orphans(const RuleTable& table, const Living& living) {
  std::set<std::string_view> found;
  for (const Chain& chain : table.chains()) {
    if (isCandidate(chain, table, living)) {
      found.insert(chain.name);
    }
  }
  std::vector<std::string_view> open(found.begin(), found.end());
  const auto held = [&](std::string_view chain) {
    return std::ranges::any_of(table.from(chain),
                               [&](const Chain* from) { return !found.contains(from->name); });
  };
  while (!open.empty()) {
    const std::string_view chain = open.back();
    open.pop_back();
    if (found.contains(chain) && held(chain)) {
      found.erase(chain);
      // Those that it leads to are held now, too.
      std::ranges::copy_if(found, std::back_inserter(open),
                           [&](std::string_view other) { return table.leads(chain, other); });
    }
  }
  return found;
}

Finding describeOrphans(const RuleTable& table, const Owner& owner, const Living& living,
                        const std::vector<const Chain*>& chains) {
  std::size_t rules = 0;
  DeleteChains repair{table.place(), {}};
  for (const Chain* chain : chains) {
    rules += chain->rules.size();
    repair.chains.emplace_back(chain->name);
  }
  Finding finding;
  finding.severity = chains.size() < kMany ? Severity::kInfo : Severity::kWarning;
  finding.subject = fmt::format("{} of {}", table.place().text(), owner.name);
  finding.summary = fmt::format("{} of {} with {} left over in {}", counted(chains.size(), "chain"),
                                owner.name, counted(rules, "rule"), table.place().text());
  finding.evidence.push_back("no rule leads to them, and no process of their owner runs");
  if (living.of(owner) != Life::kDead) {
    finding.evidence.back() =
        "no rule leads to them, and none of the chains KUBE-ROUTER-* is there, which kube-router "
        "makes first";
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(chains.size(), 5); ++i) {
    finding.evidence.push_back(
        fmt::format("{}: {}", chains[i]->name, counted(chains[i]->rules.size(), "rule")));
  }
  finding.owner = living.text(owner);
  finding.consequence =
      "no packet passes them; they take memory, and every iptables command reads "
      "them again";
  finding.remedy =
      "`hitless doctor --fix orphan-chains` deletes them; IP sets that only they used "
      "can go afterwards";
  finding.repair.emplace_back(std::move(repair));
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const Living living(evidence);
  std::vector<Finding> findings;
  const std::vector<RuleTable> tables = readRules(evidence);
  for (const RuleTable& table : tables) {
    std::map<std::string_view, std::vector<const Chain*>> byOwner;
    const std::set<std::string_view> left = orphans(table, living);
    for (const std::string_view chain : left) {
      byOwner[iptables::ownerOfChain(chain)->name].push_back(table.find(chain));
    }
    for (const auto& [name, chains] : byOwner) {
      findings.push_back(
          describeOrphans(table, *iptables::ownerOfChain(chains.front()->name), living, chains));
    }
  }
  return findings;
}

constexpr std::string_view kFault =
    "What made chains has gone, or has forgotten them: a CNI plugin was replaced, kube-proxy was "
    "switched to another mode, a sync was killed half-way (kube-router#945), or somebody ran K3s' "
    "documented `iptables-save | grep -v KUBE-ROUTER | iptables-restore`, which leaves "
    "KUBE-POD-FW-* "
    "and KUBE-NWPLCY-* behind.";
constexpr std::string_view kSeen =
    "Chains whose names belong to a known owner, to which no rule leads from any built-in chain, "
    "and "
    "whose owner has no process on a node where processes of Kubernetes or of a container runtime "
    "were seen. Of kube-router also where none of its KUBE-ROUTER-* chains is there. A table that "
    "was read in part counts only where the kernel's use count of a chain equals its rules. "
    "Canaries, "
    "DOCKER-USER and CNI-ADMIN are never orphans. A warning from 100 chains on, else information.";
constexpr std::string_view kConsequence =
    "None for packets. Each iptables command reads all of it again, and so does whoever saves and "
    "restores the table; 71,326 chains made a sync take hours (kube-router#945).";
constexpr std::string_view kRepair =
    "`--fix` empties and deletes exactly these chains in one transaction; `--undo` brings them "
    "back.";

}  // namespace

const Check kOrphanChains = {"orphan-chains",
                             "Chains that nobody leads to and nobody owns any more",
                             {kFault, kSeen, kConsequence, kRepair},
                             kOwnedRuleWants,
                             run};

}  // namespace hitless::doctor
