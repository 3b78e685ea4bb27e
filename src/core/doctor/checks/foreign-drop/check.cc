#include "core/doctor/checks/foreign-drop/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/doctor/living.h"
#include "core/doctor/rule_tables.h"
#include "core/iptables/target_of.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Owner;
using iptables::RuleText;

/// Who decides what passes between pods. Where one of these lives, another that does not is no
/// network that has crashed, but one that was replaced. K3s is none: it may run beside any of them.
constexpr std::string_view kEnforcers[] = {"calico-", "cilium-agent", "kube-router",
                                           "weave",   "antrea-agent", "ovnkube"};
constexpr std::string_view kReplaceable[] = {"calico", "cilium", "kube-router",
                                             "weave",  "antrea", "ovn-kubernetes"};

struct Drop {
  const Chain* chain;
  const RuleText* rule;
};

/// These are right whoever lives: what belongs to no connection, and martians (CVE-2020-8558).
bool isHarmless(const Owner& owner, const RuleText& rule) {
  return owner.name == "kubelet" || owner.name == "hitless" ||
         rule.text.find("--ctstate INVALID") != std::string_view::npos;
}

std::map<std::string_view, std::vector<Drop>> drops(const RuleTable& table, const Living& living) {
  std::map<std::string_view, std::vector<Drop>> found;
  for (const Chain& chain : table.chains()) {
    if (!table.reached(chain.name)) {
      continue;
    }
    for (const RuleText& rule : chain.rules) {
      const std::string_view target = iptables::targetOf(rule.text);
      const Owner* owner = target == "DROP" || target == "REJECT"
                               ? iptables::ownerOfRule(chain.name, rule)
                               : nullptr;
      if (owner != nullptr && living.of(*owner) == Life::kDead && !isHarmless(*owner, rule)) {
        found[owner->name].push_back({&chain, &rule});
      }
    }
  }
  return found;
}

const Owner& named(std::string_view name) {
  const auto all = iptables::owners();
  return **std::ranges::find_if(all, [&](const Owner* owner) { return owner->name == name; });
}

/// nullptr, or who enforces instead.
const Process* replacement(const Owner& owner, const Living& living) {
  if (std::ranges::find(kReplaceable, owner.name) == std::end(kReplaceable)) {
    return nullptr;
  }
  const auto found = std::ranges::find_if(living.all(), [](const Process& process) {
    return std::ranges::any_of(
        kEnforcers, [&](std::string_view name) { return process.name.starts_with(name); });
  });
  return found == living.all().end() ? nullptr : &*found;
}

DeleteChains allChainsOf(const Owner& owner, const RuleTable& table) {
  DeleteChains action{table.place(), {}};
  for (const Chain& chain : table.chains()) {
    if (!chain.builtIn() && iptables::ownerOfChain(chain.name) == &owner) {
      action.chains.emplace_back(chain.name);
    }
  }
  return action;
}

void offerRepair(const Owner& owner, const RuleTable& table, const Living& living,
                 Finding& finding) {
  const Process* other = replacement(owner, living);
  if (other == nullptr) {
    finding.remedy = fmt::format(
        "if {0} should run, start it: it brings its rules up to date; if it was removed, delete "
        "its "
        "chains and the rules that lead to them",
        owner.name);
    return;
  }
  finding.evidence.push_back(
      fmt::format("{} (pid {}) enforces policies here now", other->name, other->pid));
  finding.remedy = fmt::format(
      "`hitless doctor --fix foreign-drop` deletes the chains of {} and the rules that lead to "
      "them",
      owner.name);
  if (DeleteChains action = allChainsOf(owner, table); !action.chains.empty()) {
    finding.repair.emplace_back(std::move(action));
  }
}

Finding describeDrops(const RuleTable& table, const Owner& owner, const Living& living,
                      std::vector<Drop> found) {
  std::ranges::stable_sort(found, std::greater(),
                           [](const Drop& drop) { return drop.rule->counters.packets; });
  std::uint64_t packets = 0;
  for (const Drop& drop : found) {
    packets += drop.rule->counters.packets;
  }
  Finding finding;
  finding.severity = packets > 0 ? Severity::kWarning : Severity::kInfo;
  finding.subject = fmt::format("{} of {}", table.place().text(), owner.name);
  finding.summary = fmt::format("{} rules of {}, which does not run, drop or reject packets in {}",
                                found.size(), owner.name, table.place().text());
  finding.evidence.push_back(
      fmt::format("they have dropped {} packets, and packets still get there", packets));
  for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), 3); ++i) {
    finding.evidence.push_back(fmt::format("-A {} {} ({} packets)", found[i].chain->name,
                                           found[i].rule->text, found[i].rule->counters.packets));
  }
  finding.owner = living.text(owner);
  finding.consequence =
      "connections are refused or hang by rules that nobody brings up to date any more";
  offerRepair(owner, table, living, finding);
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const Living living(evidence);
  std::vector<Finding> findings;
  const std::vector<RuleTable> tables = readRules(evidence);
  for (const RuleTable& table : tables) {
    for (auto& [name, found] : drops(table, living)) {
      findings.push_back(describeDrops(table, named(name), living, std::move(found)));
    }
  }
  return findings;
}

constexpr std::string_view kFault =
    "A network plugin, kube-proxy or Docker was removed, or does not start, and its rules stay "
    "hooked: its last decisions about pods and services that may be long gone go on being "
    "enforced.";
constexpr std::string_view kSeen =
    "Rules that drop or reject, that a packet can get to from a built-in chain, and whose owner "
    "has "
    "no process on a node where processes of Kubernetes or of a container runtime were seen. Rules "
    "against invalid packets and the kubelet's rule against martians do not count. A warning where "
    "such a rule has counted a packet, else information.";
constexpr std::string_view kConsequence =
    "New pods get the addresses of old ones, and their policies with them: connections hang or are "
    "refused, with nothing in any log.";
constexpr std::string_view kRepair =
    "Nothing automatic while the owner may only be down, because its rules are then the only "
    "policy "
    "that there is. Where another enforcer of policies runs instead (cilium-agent, calico-node, "
    "kube-router, ...), `--fix` deletes the chains of the one that has gone together with the "
    "rules "
    "that lead there, in one transaction per table.";

}  // namespace

const Check kForeignDrop = {"foreign-drop",
                            "Rules of somebody who has gone still drop packets",
                            {kFault, kSeen, kConsequence, kRepair},
                            kOwnedRuleWants,
                            run};

}  // namespace hitless::doctor
