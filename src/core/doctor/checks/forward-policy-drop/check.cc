#include "core/doctor/checks/forward-policy-drop/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/doctor/living.h"
#include "core/doctor/pod_ranges.h"
#include "core/doctor/rule_tables.h"
#include "core/iptables/rule.h"
#include "core/iptables/target_of.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Option;
using iptables::Owner;
using iptables::Rule;
using iptables::RuleText;

/// A rule only for connections that are there already lets no new one through.
bool onlyEstablished(const Rule& rule) {
  for (const char* name : {"--ctstate", "--state"}) {
    const Option* states = rule.find(name);
    if (states != nullptr && !states->negated && !states->values.empty() &&
        states->values[0].find("NEW") == std::string::npos) {
      return true;
    }
  }
  return false;
}

bool forForeignDevice(const Rule& rule) {
  return std::ranges::any_of(rule.own, [](const Option& option) {
    return (option.name == "-i" || option.name == "-o") && !option.negated &&
           !option.values.empty() && isForeignDevice(option.values[0]);
  });
}

/// Whether new connections of pods may pass by it. In doubt they may.
bool acceptsPods(const Chain& chain, const RuleText& text, const std::vector<Cidr>& pods) {
  const auto rule = iptables::parseRule(text.text);
  if (!rule) {
    return true;
  }
  const Owner* owner = iptables::ownerOfChain(chain.name);
  const bool serviceMark =
      owner != nullptr && owner->name == "kube-proxy" && rule->findMatch("mark") != nullptr;
  if (onlyEstablished(*rule) || forForeignDevice(*rule) || serviceMark) {
    return false;
  }
  const Option* from = rule->find("-s");
  const Option* to = rule->find("-d");
  const bool anybody = (from == nullptr || from->negated) && (to == nullptr || to->negated);
  return anybody || namesAny(from, pods) || namesAny(to, pods);
}

bool somethingAcceptsPods(const RuleTable& table, const std::vector<Cidr>& pods) {
  for (const Chain& chain : table.chains()) {
    if (chain.name != "FORWARD" && !table.leadsSomehow("FORWARD", chain.name)) {
      continue;
    }
    if (chain.unread > 0) {
      return true;
    }
    const bool accepts = std::ranges::any_of(chain.rules, [&](const RuleText& rule) {
      return iptables::targetOf(rule.text) == "ACCEPT" && acceptsPods(chain, rule, pods);
    });
    if (accepts) {
      return true;
    }
  }
  return false;
}

/// The first owner of a cluster's network that has rules in this family.
const Owner* clusterOwner(const std::vector<RuleTable>& tables, IpFamily family) {
  for (const RuleTable& table : tables) {
    for (const Chain& chain : table.chains()) {
      const Owner* owner = chain.builtIn() ? nullptr : iptables::ownerOfChain(chain.name);
      if (table.place().family == family && owner != nullptr && owner->cluster &&
          !chain.rules.empty()) {
        return owner;
      }
    }
  }
  return nullptr;
}

std::vector<Action> accepts(const RuleTable& table, const std::vector<Cidr>& pods) {
  std::vector<Action> actions;
  for (const Cidr& range : pods) {
    for (const char* side : {"-s", "-d"}) {
      actions.emplace_back(
          InsertRule{table.place(), "FORWARD",
                     fmt::format("{} {} -m comment --comment \"hitless doctor: pods\" -j ACCEPT",
                                 side, range.text()),
                     false});
    }
  }
  return actions;
}

Finding describeDropping(const RuleTable& table, const Chain& forward, const Owner& owner,
                         const std::vector<Cidr>& pods, const Living& living) {
  std::vector<std::string> ranges;
  for (const Cidr& range : pods) {
    ranges.push_back(range.text());
  }
  Finding finding;
  finding.severity = forward.counters.packets > 0 ? Severity::kCritical : Severity::kWarning;
  finding.subject = table.text("FORWARD");
  finding.summary = fmt::format("the policy of FORWARD is DROP, and no rule accepts packets of {}",
                                join(ranges, ", "));
  finding.evidence.push_back(
      fmt::format("the policy has dropped {} packets", forward.counters.packets));
  finding.evidence.push_back(
      fmt::format("{} rules of FORWARD and the chains behind it accept "
                  "nothing from or to these networks",
                  forward.rules.size()));
  finding.owner = table.isChain("DOCKER-USER") ? "docker sets this policy when it starts" : "";
  finding.consequence = "pods reach neither other nodes nor anything outside, and are not reached";
  finding.remedy = fmt::format(
      "let {} put its accepting rules in (restart it); `iptables -P FORWARD ACCEPT` would open the "
      "node as a router for everybody, and Docker sets DROP again",
      living.text(owner));
  finding.repair = accepts(table, pods);
  return finding;
}

std::vector<Finding> run(const Evidence& evidence) {
  const Living living(evidence);
  const std::vector<RuleTable> tables = readRules(evidence);
  std::vector<Finding> findings;
  for (const RuleTable& table : tables) {
    const Chain* forward = table.place().table == "filter" ? table.find("FORWARD") : nullptr;
    const Owner* owner = clusterOwner(tables, table.place().family);
    if (forward == nullptr || forward->policy != "DROP" || owner == nullptr) {
      continue;
    }
    const std::vector<Cidr> pods = podRanges(evidence, table.place().family);
    if (!pods.empty() && !somethingAcceptsPods(table, pods)) {
      findings.push_back(describeDropping(table, *forward, *owner, pods, living));
    }
  }
  return findings;
}

constexpr Want kWants[] = {{names::kNftRules4},    {names::kNftRules6}, {names::kLegacyRules4},
                           {names::kLegacyRules6}, {names::kNftChains}, {names::kProcesses},
                           {names::kLinks},        {kFlannelSubnet}};

constexpr std::string_view kFault =
    "Docker sets the policy of FORWARD to DROP when it starts (since 1.13), and so do some "
    "firewalls. Pods' packets pass only where the network plugin has rules that accept them, which "
    "not all have, and which can be lost (kubernetes#39823, #108718, calico#875).";
constexpr std::string_view kSeen =
    "The policy of FORWARD is DROP, chains with rules of Kubernetes or a CNI plugin are there, and "
    "among the rules that a packet can get to from FORWARD none accepts new connections of the "
    "pods' networks (by the addresses of container bridges, routes, and /run/flannel/subnet.env). "
    "Rules for established connections, for kube-proxy's mark and for devices of Docker or virtual "
    "machines do not count; a rule that is not understood counts. Critical if the policy has "
    "counted "
    "packets. A host with Docker alone is right as it is.";
constexpr std::string_view kConsequence =
    "Pods cannot talk to other nodes, to services there or to the outside; pods on one node still "
    "can where bridges do not call iptables.";
constexpr std::string_view kRepair =
    "`--fix` adds two rules per network at the end of FORWARD that accept it as source and as "
    "destination: behind all others, so that no policy is passed by. They last until the next "
    "boot; "
    "the network plugin has to put in its own.";

}  // namespace

const Check kForwardPolicyDrop = {"forward-policy-drop",
                                  "Forwarding is denied, and nobody accepts the pods' packets",
                                  {kFault, kSeen, kConsequence, kRepair},
                                  kWants,
                                  run};

}  // namespace hitless::doctor
