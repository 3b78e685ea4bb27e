#include "core/doctor/checks/rp-filter/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/doctor/evidence_names.h"
#include "core/doctor/node_needs.h"
#include "core/doctor/proc_tables.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kNetstat = "proc/net/netstat";
constexpr Want kWants[] = {
    {"proc/sys/net/ipv4/conf/*/rp_filter", false}, {kNetstat, true}, {names::kLinks, false}};

constexpr double kCriticalPerSecond = 100;
constexpr std::int64_t kStrict = 1;

std::string nameOf(std::string_view interface) {
  return fmt::format("net/ipv4/conf/{}/rp_filter", interface);
}

std::optional<std::uint64_t> dropsIn(std::string_view text) {
  return netstat(text, "TcpExt", "IPReversePathFilter");
}

/// Interfaces of container networks, on which a packet may well come in where the answer does not
/// go out. Calico wants the strict filter on its own: cali*.
bool mayBeLoose(const Network& network, const Interface& one) {
  constexpr std::array<std::string_view, 7> kKinds = {"vxlan", "ipip",   "sit", "wireguard",
                                                      "gre",   "geneve", "tun"};
  const bool tunnel = std::find(kKinds.begin(), kKinds.end(), one.kind) != kKinds.end();
  const bool pod = one.kind == "veth" && !one.name.starts_with("cali");
  return one.up && (tunnel || pod || isContainerBridge(network, one));
}

/// The kernel takes the greater of all's and the interface's (net/ipv4/fib_frontend.c,
/// IN_DEV_RPFILTER).
std::vector<const Interface*> strictOnes(const Evidence& evidence, const Network& network) {
  const std::int64_t all = evidence.number("proc/sys/" + nameOf("all")).value_or(0);
  std::vector<const Interface*> found;
  for (const Interface& one : network.interfaces) {
    const auto own = evidence.number("proc/sys/" + nameOf(one.name));
    if (!one.loopback && one.up && own && std::max(all, *own) == kStrict) {
      found.push_back(&one);
    }
  }
  return found;
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::uint64_t dropped = growth(evidence, kNetstat, dropsIn).value_or(0);
  const Network network = networkOf(evidence);
  const auto strict = strictOnes(evidence, network);
  if (dropped == 0 || strict.empty()) {
    return {};
  }
  const double rate = perSecond(evidence, dropped);
  Finding finding;
  finding.severity = rate >= kCriticalPerSecond ? Severity::kCritical : Severity::kWarning;
  finding.subject = "net.ipv4.conf.*.rp_filter";
  finding.summary =
      fmt::format("the reverse path filter dropped {} packets while we looked ({:.0f}/s)",
                  grouped(dropped), rate);
  finding.evidence.push_back(
      fmt::format("TcpExt IPReversePathFilter rose by {}", grouped(dropped)));
  for (const Interface* one : strict) {
    const bool loose = mayBeLoose(network, *one);
    finding.evidence.push_back(fmt::format("{} filters strictly (1){}", one->name,
                                           loose ? "" : "; it is no interface of containers"));
    if (loose) {
      finding.repair.push_back(WriteSysctl{nameOf(one->name), "2"});
    }
  }
  finding.consequence =
      "packets that come in by another interface than their answer would go out by are dropped "
      "without a word: connections through tunnels, secondary interfaces and asymmetric routes "
      "hang";
  finding.remedy =
      "make it last: net.ipv4.conf.IFACE.rp_filter = 2 in /etc/sysctl.d; `sysctl -w "
      "net.ipv4.conf.IFACE.log_martians=1` shows which packets are dropped";
  return {finding};
}

}  // namespace

const Check kRpFilter = {
    "rp-filter",
    "The reverse path filter drops packets",
    {
        "With `rp_filter = 1` the kernel drops a packet whose source it would not answer through "
        "the interface that the packet came in by (RFC 3704, strict). Overlays, several uplinks "
        "and "
        "policy routing make such packets. What counts is the greater of "
        "`net.ipv4.conf.all.rp_filter` and the interface's.",
        "`IPReversePathFilter` of `/proc/net/netstat`: a finding if it rises between the two "
        "samples while an interface filters strictly; critical from 100 a second. A strict filter "
        "that drops nothing is none.",
        "Connections hang although rules and routes look right.",
        "Sets `rp_filter` to 2 (loose) on those interfaces of containers and tunnels that filter "
        "strictly, but for Calico's `cali*`, which need it. Interfaces of the outside stay as they "
        "are: there the filter may be wanted.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
