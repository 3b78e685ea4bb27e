#include "core/doctor/checks/masquerade-missing/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/doctor/living.h"
#include "core/doctor/pod_ranges.h"
#include "core/doctor/rule_tables.h"
#include "core/iptables/target_of.h"

namespace hitless::doctor {
namespace {

using iptables::Chain;
using iptables::Option;
using iptables::Owner;
using iptables::RuleText;

constexpr std::string_view kNftablesConf = "etc/nftables.conf";
constexpr std::string_view kNftablesWanted = "etc/systemd/system/*.target.wants/nftables.service";

/// Whether packets of pods to anywhere may leave by this rule with the node's address. Rules for a
/// mark are those of services and host ports; in doubt they may.
bool masqueradesPods(const Chain& chain, const RuleText& text, const std::vector<Cidr>& pods) {
  const std::string_view target = iptables::targetOf(text.text);
  const Owner* owner = iptables::ownerOfChain(chain.name);
  if ((target != "MASQUERADE" && target != "SNAT") ||
      (owner != nullptr && owner->name == "kube-proxy")) {
    return false;
  }
  const auto rule = iptables::parseRule(text.text);
  if (!rule) {
    return true;
  }
  const Option* from = rule->find("-s");
  return rule->findMatch("mark") == nullptr && (from == nullptr || namesAny(from, pods));
}

/// nullopt: not all that decides it was read.
std::optional<bool> isMasqueraded(const std::vector<RuleTable>& tables,
                                  const std::vector<Cidr>& pods) {
  for (const RuleTable& table : tables) {
    if (table.place().table != "nat" || table.place().family != IpFamily::kV4) {
      continue;
    }
    if (!table.whole()) {
      return std::nullopt;
    }
    for (const Chain& chain : table.chains()) {
      const bool passed =
          chain.name == "POSTROUTING" || table.leadsSomehow("POSTROUTING", chain.name);
      if (passed && std::ranges::any_of(chain.rules, [&](const RuleText& rule) {
            return masqueradesPods(chain, rule, pods);
          })) {
        return true;
      }
    }
  }
  return false;
}

/// Somebody's own table of nf_tables, whose rules are not read here, may do it. kube-proxy's does
/// it for services only.
bool othersMayMasquerade(const std::vector<NftChain>& chains) {
  return std::ranges::any_of(chains, [](const NftChain& chain) {
    const bool own = (chain.family == "ip" || chain.family == "ip6") && chain.table == "nat";
    return chain.hook == "postrouting" && chain.type == "nat" && !own &&
           chain.table != "kube-proxy";
  });
}

bool hasPodDevice(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kLinks);
  const auto network = text == nullptr ? Result<Network>() : parseNetwork(*text);
  return network && std::ranges::any_of(network->interfaces, [](const Interface& one) {
           return one.name == "cni0" || one.name.starts_with("flannel");
         });
}

bool flannelWantsIt(const Evidence& evidence, const Living& living) {
  const auto settings = flannelSubnet(evidence);
  const auto wanted = settings.find("FLANNEL_IPMASQ");
  const Owner* flannel = iptables::ownerOfChain("FLANNEL-POSTRTG");
  return wanted != settings.end() && wanted->second == "true" && hasPodDevice(evidence) &&
         living.of(*flannel) != Life::kDead;
}

bool wasRead(const Evidence& evidence) {
  const std::string* legacy = evidence.find(names::kLegacyRules4);
  if (legacy != nullptr && legacy->find("# unread-table nat ") != std::string::npos) {
    return false;
  }
  return !evidence.unread.contains(names::kNftRules4) &&
         !evidence.unread.contains(names::kLegacyRules4) &&
         !evidence.unread.contains(names::kNftChains);
}

void checkMasquerade(const Evidence& evidence, const std::vector<RuleTable>& tables,
                     std::vector<Finding>& findings) {
  const Living living(evidence);
  const std::vector<Cidr> pods = podRanges(evidence, IpFamily::kV4);
  if (pods.empty() || !wasRead(evidence) || !flannelWantsIt(evidence, living) ||
      othersMayMasquerade(readChains(evidence)) || isMasqueraded(tables, pods).value_or(true)) {
    return;
  }
  Finding finding;
  finding.severity = Severity::kCritical;
  finding.subject = fmt::format("ip nat POSTROUTING, {}", pods.front().text());
  finding.summary = fmt::format("nothing masquerades packets that pods of {} send elsewhere",
                                pods.front().text());
  finding.evidence.push_back(
      "/run/flannel/subnet.env asks for it with FLANNEL_IPMASQ=true, and neither back-end of "
      "iptables has a MASQUERADE or SNAT for these addresses behind POSTROUTING");
  finding.owner = living.text(*iptables::ownerOfChain("FLANNEL-POSTRTG"));
  finding.consequence =
      "pods reach nothing outside the cluster: answers to their addresses do not come back";
  finding.remedy = fmt::format(
      "restart flannel (K3s: k3s); until then: iptables -t nat -A POSTROUTING -s {} ! -d "
      "224.0.0.0/4 "
      "! -o cni0 -j MASQUERADE",
      pods.front().text());
  findings.push_back(std::move(finding));
}

bool flushes(std::string_view config) {
  const auto lines = split(config, '\n');
  return std::ranges::any_of(
      lines, [](std::string_view line) { return trim(line).starts_with("flush ruleset"); });
}

/// How many rules of a cluster's network `flush ruleset` would take away.
std::size_t clusterRules(const std::vector<RuleTable>& tables,
                         const std::vector<NftChain>& chains) {
  std::size_t rules = 0;
  for (const RuleTable& table : tables) {
    for (const Chain& chain : table.chains()) {
      const Owner* owner = chain.builtIn() ? nullptr : iptables::ownerOfChain(chain.name);
      if (table.place().backend == Backend::kNft && owner != nullptr && owner->cluster) {
        rules += chain.rules.size() + chain.unread;
      }
    }
  }
  for (const NftChain& chain : chains) {
    const bool native = chain.table == "kube-proxy" || chain.table.starts_with("flannel-") ||
                        chain.table.starts_with("kube-router-");
    rules += native ? chain.use : 0;
  }
  return rules;
}

void checkFlush(const Evidence& evidence, const std::vector<RuleTable>& tables,
                std::vector<Finding>& findings) {
  const std::string* config = evidence.find(kNftablesConf);
  const std::vector<std::string> wanted = evidence.names(kNftablesWanted);
  const std::size_t rules = clusterRules(tables, readChains(evidence));
  if (config == nullptr || !flushes(*config) || wanted.empty() || rules == 0) {
    return;
  }
  Finding finding;
  finding.severity = Severity::kWarning;
  finding.subject = "nftables.service";
  finding.summary = fmt::format(
      "a restart of nftables.service would delete {} rules of the cluster's network", rules);
  finding.evidence.push_back("/etc/nftables.conf has the line \"flush ruleset\"");
  finding.evidence.push_back(fmt::format("/{} is there: the service is enabled", wanted.front()));
  finding.consequence =
      "after `systemctl restart nftables`, `reload` or an upgrade of the package, services, "
      "masquerading and host ports are gone; nobody brings back what the CNI plugin portmap wrote "
      "until the pods are made anew";
  finding.remedy =
      "put `destroy table inet filter` (or the table that the file defines) in the place of `flush "
      "ruleset`, or `systemctl disable nftables.service`";
  findings.push_back(std::move(finding));
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::vector<RuleTable> tables = readRules(evidence);
  std::vector<Finding> findings;
  checkMasquerade(evidence, tables, findings);
  checkFlush(evidence, tables, findings);
  return findings;
}

constexpr Want kWants[] = {{names::kNftRules4}, {names::kLegacyRules4}, {names::kNftChains},
                           {names::kProcesses}, {names::kLinks},        {kFlannelSubnet},
                           {kNftablesConf},     {kNftablesWanted}};

constexpr std::string_view kFault =
    "Somebody has flushed the nat table or the whole ruleset: a firewall's start, a person, or "
    "nftables.service, whose default /etc/nftables.conf begins with `flush ruleset` and so deletes "
    "what kube-proxy and the CNI plugins wrote. flannel and K3s put their rules back within their "
    "interval; the plugin portmap never does.";
constexpr std::string_view kSeen =
    "flannel asks for masquerading (FLANNEL_IPMASQ=true in /run/flannel/subnet.env, and its "
    "devices "
    "are there), and no rule that a packet can get to from nat POSTROUTING, in either back-end, "
    "masquerades the pods' networks; rules for a mark are those of services and do not count. "
    "Where "
    "another nf_tables table has a nat hook, nothing is said. And a warning where "
    "/etc/nftables.conf "
    "has `flush ruleset`, nftables.service is enabled and nf_tables holds rules of the cluster.";
constexpr std::string_view kConsequence =
    "Pods reach each other and nothing outside the cluster: their packets leave with addresses "
    "that "
    "nobody can answer. DNS and pulls from inside pods hang.";
constexpr std::string_view kRepair =
    "Nothing automatic: the rule belongs to flannel, which writes it when it is restarted; the "
    "finding "
    "shows a command for the time until then.";

}  // namespace

const Check kMasqueradeMissing = {"masquerade-missing",
                                  "Pods' packets leave with addresses that nobody can answer",
                                  {kFault, kSeen, kConsequence, kRepair},
                                  kWants,
                                  run};

}  // namespace hitless::doctor
