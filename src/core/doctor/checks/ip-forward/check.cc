#include "core/doctor/checks/ip-forward/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/doctor/evidence_names.h"
#include "core/doctor/node_needs.h"
#include "core/netlink/address_codec.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kForward4 = "net/ipv4/ip_forward";
constexpr std::string_view kForward6 = "net/ipv6/conf/all/forwarding";
constexpr Want kWants[] = {
    {"proc/sys/net/ipv4/ip_forward", false},
    {"proc/sys/net/ipv4/conf/*/forwarding", false},
    {"proc/sys/net/ipv6/conf/all/forwarding", false},
    {"proc/sys/net/ipv6/conf/*/accept_ra", false},
    {names::kLinks, false},
};

std::optional<std::int64_t> valueOf(const Evidence& evidence, std::string_view name) {
  return evidence.number(fmt::format("proc/sys/{}", name));
}

void examineAll(const Evidence& evidence, const Network& network, IpFamily family,
                std::vector<Finding>& findings) {
  const std::string_view name = family == IpFamily::kV4 ? kForward4 : kForward6;
  if (valueOf(evidence, name) != 0 || !forwardsForPods(network, family)) {
    return;
  }
  Finding finding;
  finding.severity = Severity::kCritical;
  finding.subject = name;
  finding.summary = fmt::format("{} forwarding is off, but containers of this node depend on it",
                                family == IpFamily::kV4 ? "IPv4" : "IPv6");
  finding.evidence = {fmt::format("{} = 0", name)};
  const auto ranges = podNetworks(network);
  for (const PodNetwork& one : ranges) {
    if (one.range.address.family() == family) {
      finding.evidence.push_back(fmt::format("containers have addresses of {}", one.range.text()));
    }
  }
  finding.consequence =
      "no packet leaves a container for another node or another network of this one, and none "
      "comes "
      "in";
  finding.remedy = fmt::format(
      "make it last: {} = 1 in /etc/sysctl.d; see sysctl-flap for files that set it to 0", name);
  finding.repair = {WriteSysctl{std::string(name), "1"}};
  findings.push_back(std::move(finding));
}

bool leadsToPods(const Network& network, const Interface& one) {
  const bool routed =
      std::any_of(network.routes.begin(), network.routes.end(), [&](const RouteEntry& route) {
        return route.interface == one.index && one.kind == "veth" && route.destination.length == 32;
      });
  return one.up && (routed || isContainerBridge(network, one));
}

bool hasDefaultRoute(const Network& network, const Interface& one) {
  return std::any_of(network.routes.begin(), network.routes.end(), [&](const RouteEntry& route) {
    return route.interface == one.index && route.destination.length == 0 && !route.blackhole &&
           route.destination.address.isV4();
  });
}

/// Forwarding is looked up at the interface that a packet comes in by.
void examineInterfaces(const Evidence& evidence, const Network& network,
                       std::vector<Finding>& findings) {
  if (valueOf(evidence, kForward4) != 1 || !forwardsForPods(network, IpFamily::kV4)) {
    return;
  }
  for (const Interface& one : network.interfaces) {
    const std::string name = fmt::format("net/ipv4/conf/{}/forwarding", one.name);
    const bool needed = leadsToPods(network, one) || hasDefaultRoute(network, one);
    if (!needed || valueOf(evidence, name) != 0) {
      continue;
    }
    Finding finding;
    finding.severity = Severity::kCritical;
    finding.subject = name;
    finding.summary = fmt::format("packets that come in by {} are not forwarded", one.name);
    finding.evidence = {fmt::format("{} = 0, while {} = 1", name, kForward4)};
    finding.consequence =
        leadsToPods(network, one)
            ? "its containers reach nothing but this node"
            : "nothing from outside reaches a container, and no answer comes back";
    finding.remedy = fmt::format("make it last: {} = 1 in /etc/sysctl.d", name);
    finding.repair = {WriteSysctl{name, "1"}};
    findings.push_back(std::move(finding));
  }
}

bool hasGlobalAddress6(const Network& network, const Interface& one) {
  static const Cidr kGlobal = *Cidr::parse("2000::/3");
  return std::any_of(network.addresses.begin(), network.addresses.end(),
                     [&](const InterfaceAddress& own) {
                       return own.interface == one.index && !own.address.address.isV4() &&
                              kGlobal.contains(own.address.address);
                     });
}

/// A router does not listen to other routers (accept_ra 1) once it forwards: the default route that
/// it learned runs out (Documentation/networking/ip-sysctl.rst).
void examineLostRouter(const Evidence& evidence, const Network& network,
                       std::vector<Finding>& findings) {
  const bool routed =
      std::any_of(network.routes.begin(), network.routes.end(), [](const RouteEntry& route) {
        return route.destination.length == 0 && !route.destination.address.isV4() &&
               !route.blackhole;
      });
  if (valueOf(evidence, kForward6) != 1 || routed || network.routesCut) {
    return;
  }
  for (const Interface& one : network.interfaces) {
    const std::string name = fmt::format("net/ipv6/conf/{}/accept_ra", one.name);
    if (!one.up || isContainerBridge(network, one) || valueOf(evidence, name) != 1 ||
        !hasGlobalAddress6(network, one)) {
      continue;
    }
    Finding finding;
    finding.subject = name;
    finding.summary =
        fmt::format("{} has a global IPv6 address, but there is no IPv6 default route", one.name);
    finding.evidence = {
        fmt::format("{} = 1 does not listen to routers while {} = 1", name, kForward6)};
    finding.consequence =
        "nothing on this node reaches the Internet by IPv6 once the route that the "
        "router had announced has run out";
    finding.remedy = fmt::format("make it last: {} = 2 in /etc/sysctl.d", name);
    finding.repair = {WriteSysctl{name, "2"}};
    findings.push_back(std::move(finding));
  }
}

std::vector<Finding> run(const Evidence& evidence) {
  const Network network = networkOf(evidence);
  std::vector<Finding> findings;
  examineAll(evidence, network, IpFamily::kV4, findings);
  examineAll(evidence, network, IpFamily::kV6, findings);
  examineInterfaces(evidence, network, findings);
  examineLostRouter(evidence, network, findings);
  return findings;
}

}  // namespace

const Check kIpForward = {
    "ip-forward",
    "The node does not forward what its containers need",
    {
        "Containers reach other networks only because the node forwards their packets. Hardening "
        "scripts, `sysctl --system` and network managers set `net.ipv4.ip_forward` to 0, or the "
        "`forwarding` of a single interface. With IPv6, switching forwarding on makes an interface "
        "with `accept_ra = 1` deaf to routers, and its default route runs out after half an hour.",
        "`net.ipv4.ip_forward` or `net.ipv6.conf.all.forwarding` 0 while a bridge of containers "
        "has "
        "an address of that family and a running port, or a veth has a route to a single address; "
        "`forwarding` 0 on such a bridge, veth, or the default route's interface; IPv6 forwarding "
        "with `accept_ra` 1 on an interface that has a global address, without a default route.",
        "Pods lose everything outside their node (or IPv6 loses the Internet).",
        "Sets the parameter: forwarding to 1, `accept_ra` to 2. Until the next boot: put it into "
        "`/etc/sysctl.d`, and look at what sysctl-flap says.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
