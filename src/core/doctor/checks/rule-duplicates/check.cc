#include "core/doctor/checks/rule-duplicates/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/doctor/checks/nft-rule-explosion/check.h"
#include "core/doctor/living.h"
#include "core/doctor/rule_tables.h"
#include "core/iptables/superfluous.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Owner;
using iptables::RuleText;

/// A rule costs a packet 75 to 220 ns, so that so many take a millisecond of a round trip.
constexpr std::size_t kNoticed = 5000;
constexpr std::size_t kManyCopies = 100;
/// kube-router writes a policy's rules as often as the policy says the same.
constexpr std::size_t kPolicyCopies = 10;

struct Copies {
  std::string_view text;
  std::size_t count = 0;  ///< Of those that may go.
  const Owner* owner = nullptr;
};

struct Repeated {
  std::vector<Copies> rules;  ///< The most first.
  std::size_t total = 0;
  bool owned = true;  ///< All that may go have the one owner.
};

Repeated repeatedIn(const RuleTable& table, const Chain& chain) {
  const std::vector<bool> may =
      iptables::superfluous(chain, [&](std::string_view name) { return table.isChain(name); });
  std::unordered_map<std::string_view, std::size_t> index;
  Repeated found;
  for (std::size_t i = 0; i < chain.rules.size(); ++i) {
    const RuleText& rule = chain.rules[i];
    if (!may[i]) {
      continue;
    }
    const auto [entry, isNew] = index.try_emplace(rule.text, found.rules.size());
    if (isNew) {
      found.rules.push_back({rule.text, 0, iptables::ownerOfRule(chain.name, rule)});
    }
    ++found.rules[entry->second].count;
    ++found.total;
  }
  std::ranges::stable_sort(found.rules, std::greater(), &Copies::count);
  found.owned = std::ranges::all_of(found.rules,
                                    [](const Copies& copies) { return copies.owner != nullptr; });
  return found;
}

bool matters(const Chain& chain, const Repeated& repeated) {
  const bool ofPolicies =
      chain.name.starts_with("KUBE-NWPLCY-") || chain.name.starts_with("KUBE-POD-FW-");
  return repeated.total >= (ofPolicies ? kPolicyCopies : 1);
}

Severity severityOf(std::size_t copies) {
  if (copies >= kNoticed) {
    return Severity::kCritical;
  }
  return copies >= kManyCopies ? Severity::kWarning : Severity::kInfo;
}

void addEvidence(const Chain& chain, const Repeated& repeated, Finding& finding) {
  for (std::size_t i = 0; i < std::min<std::size_t>(repeated.rules.size(), 3); ++i) {
    finding.evidence.push_back(
        fmt::format("{} copies of \"{}\"", repeated.rules[i].count + 1, repeated.rules[i].text));
  }
  if (chain.unread > 0) {
    finding.evidence.push_back(
        fmt::format("{} more rules of the chain were not read", chain.unread));
  }
}

Finding describeCopies(const RuleTable& table, const Chain& chain, const Repeated& repeated,
                       const Living& living) {
  Finding finding;
  finding.severity = severityOf(repeated.total);
  finding.subject = table.text(chain.name);
  finding.summary =
      fmt::format("{} of {} rules{} repeat an earlier one of {} and decide nothing", repeated.total,
                  chain.rules.size(), chain.unread > 0 ? " that were read" : "", chain.name);
  addEvidence(chain, repeated, finding);
  const Owner* owner = repeated.rules.front().owner;
  finding.owner = owner == nullptr ? "" : living.text(*owner);
  finding.consequence =
      table.reached(chain.name)
          ? fmt::format(
                "a packet that passes the chain is compared with {} rules for nothing, at "
                "75 to 220 ns each",
                repeated.total)
          : "none for packets, which do not get there; each iptables command reads them";
  finding.remedy =
      "one binary of iptables for all writers of the node (1.8.11 or newer, or the legacy one), "
      "because repetitions come from `iptables -C` that does not find its own rule";
  if (repeated.owned) {
    finding.repair.emplace_back(DedupeChain{table.place(), std::string(chain.name)});
  } else {
    finding.remedy += "; nobody known has written these, so take them out by hand";
  }
  return finding;
}

bool isAnExplosion(const RuleTable& table, const Chain& chain) {
  return table.place().backend == Backend::kNft &&
         chain.rules.size() + chain.unread >= kManyNftRules;
}

std::vector<Finding> run(const Evidence& evidence) {
  const Living living(evidence);
  std::vector<Finding> findings;
  const std::vector<RuleTable> tables = readRules(evidence);
  for (const RuleTable& table : tables) {
    for (const Chain& chain : table.chains()) {
      if (isAnExplosion(table, chain)) {
        continue;
      }
      const Repeated repeated = repeatedIn(table, chain);
      if (matters(chain, repeated)) {
        findings.push_back(describeCopies(table, chain, repeated, living));
      }
    }
  }
  return findings;
}

constexpr std::string_view kFault =
    "Who ensures a rule asks `iptables -C` first, and adds it if the answer is no. Between "
    "versions "
    "of iptables-nft (1.8.4, 1.8.7, 1.8.8 and later) and in 1.8.0 to 1.8.4 the answer is wrongly "
    "no, "
    "and each sync adds one more copy (k3s#3117, kube-router#1676). Whole-table save and restore "
    "carries all of them on, and an upgrade stops the growth without healing it.";
constexpr std::string_view kSeen =
    "Rules with the same words as an earlier rule of their chain, of which the earlier has decided "
    "already: nothing between them can change the outcome, and the rule neither counts, logs, "
    "marks "
    "nor draws lots. Rules that were not read are not judged, and a chain of 5,000 rules in "
    "nf_tables is `nft-rule-explosion`'s. Below 100 copies information, from "
    "there a warning, from 5,000 critical (about a millisecond of each round trip).";
constexpr std::string_view kConsequence =
    "Each packet is compared with each copy, 75 to 220 ns a rule: 1,055,000 of them took a round "
    "trip on the node to 276 ms, and one CPU to 100 %.";
constexpr std::string_view kRepair =
    "`--fix` keeps the first of each rule and takes out its copies in one transaction, if all that "
    "would go have a known owner. Stop the writer with the wrong binary first, else they come "
    "again.";

}  // namespace

const Check kRuleDuplicates = {"rule-duplicates",
                               "Rules that stand in a chain more than once",
                               {kFault, kSeen, kConsequence, kRepair},
                               kOwnedRuleWants,
                               run};

}  // namespace hitless::doctor
