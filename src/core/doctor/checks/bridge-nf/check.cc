#include "core/doctor/checks/bridge-nf/check.h"

#include <fmt/format.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/node_needs.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kCall = "proc/sys/net/bridge/bridge-nf-call-iptables";
constexpr Want kWants[] = {
    {kCall, false},
    {"sys/class/net/*/bridge/nf_call_iptables", false},
    {names::kLinks, false},
    {names::kNftChains, false},
    {names::kNftRules4, false},
    {names::kLegacyRules4, false},
};

std::vector<Finding> run(const Evidence& evidence) {
  const Network network = networkOf(evidence);
  const auto call = evidence.number(kCall);
  if ((call && *call != 0) || evidence.unread.contains(kCall) || !servesServices(evidence)) {
    return {};
  }
  std::vector<Finding> findings;
  const auto bridges = podBridges(network);
  for (const Interface* bridge : bridges) {
    const auto own =
        evidence.number(fmt::format("sys/class/net/{}/bridge/nf_call_iptables", bridge->name));
    if (own.value_or(0) != 0) {
      continue;  // The bridge's own switch is enough (net/bridge/br_netfilter_hooks.c).
    }
    Finding finding;
    finding.subject = "net.bridge.bridge-nf-call-iptables";
    finding.summary =
        call ? fmt::format("packets between pods on bridge {} do not pass the rules", bridge->name)
             : fmt::format(
                   "packets between pods on bridge {} do not pass the rules: module "
                   "br_netfilter is not loaded",
                   bridge->name);
    finding.evidence = {
        call ? "net.bridge.bridge-nf-call-iptables is 0" : "there is no /proc/sys/net/bridge",
        fmt::format("{} has pods on it, and the node has rules for Services", bridge->name)};
    finding.consequence =
        "a pod that asks a Service and is led to a pod of its own node gets the answer from an "
        "address that it did not ask: the connection hangs, and only on the node where both are";
    finding.remedy =
        "make it last: br_netfilter in /etc/modules-load.d, net.bridge.bridge-nf-call-iptables = 1 "
        "and net.bridge.bridge-nf-call-ip6tables = 1 in /etc/sysctl.d";
    if (call) {
      finding.repair = {WriteSysctl{"net/bridge/bridge-nf-call-iptables", "1"}};
    } else {
      finding.remedy = "modprobe br_netfilter; " + finding.remedy;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

const Check kBridgeNf = {
    "bridge-nf",
    "Bridged packets pass by the rules",
    {
        "Pods of one node on a bridge reach each other without the node's routing. Answers of a "
        "Service's endpoint on the same node have to be translated back all the same, so that the "
        "bridge must show its packets to iptables: `br_netfilter` with `bridge-nf-call-iptables = "
        "1` (kubernetes#38802, kube-router#151). A reboot without the module, or a sysctl file of "
        "somebody else, takes that away.",
        "A bridge (not Docker's) with a veth port, rules of a Service proxy (KUBE-SERVICES, or "
        "kube-proxy's nftables table), and `net.bridge.bridge-nf-call-iptables` 0 or missing, "
        "while the bridge's own `nf_call_iptables` is 0.",
        "Connections to a Service hang when client and endpoint are on this node, about one in as "
        "many as there are nodes.",
        "Sets `net.bridge.bridge-nf-call-iptables` to 1. If the module is missing: `modprobe "
        "br_netfilter`, which is left to a person.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
