#include "core/doctor/checks/mtu/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/doctor/evidence_names.h"
#include "core/doctor/node_needs.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kLinks, false}};

/// What an overlay puts before each packet over IPv4; over IPv6 it is 20 bytes more.
struct Overlay {
  std::string_view kind;
  std::uint32_t overhead;
};
constexpr auto kOverlays = std::to_array<Overlay>({
    {"vxlan", 50},  // Ethernet 14, VXLAN 8, UDP 8, IP 20
    {"geneve", 50},
    {"ipip", 20},
    {"gre", 24},
    {"wireguard", 60},
});
constexpr std::uint32_t kIpv6More = 20;
/// Devices that take metadata from a switch (Open vSwitch) or routes have the most there is.
constexpr std::uint32_t kNoLimit = 60000;

std::uint32_t overheadOf(const Interface& one) {
  for (const Overlay& overlay : kOverlays) {
    if (overlay.kind == one.kind) {
      return overlay.overhead + (one.local && !one.local->isV4() ? kIpv6More : 0);
    }
  }
  return 0;
}

/// What the overlay sends through: what it says, who has its address, or the default route.
const Interface* underlayOf(const Network& network, const Interface& one) {
  if (one.lower != 0) {
    return network.find(one.lower);
  }
  for (const InterfaceAddress& own : network.addresses) {
    if (one.local && own.address.address == *one.local) {
      return network.find(own.interface);
    }
  }
  for (const RouteEntry& route : network.routes) {
    if (route.destination.length == 0 && route.destination.address.isV4() && !route.blackhole) {
      return network.find(route.interface);
    }
  }
  return nullptr;
}

void examineOverlay(const Network& network, const Interface& one, std::vector<Finding>& findings) {
  const std::uint32_t overhead = overheadOf(one);
  // Cilium sets the MTU of routes instead.
  if (overhead == 0 || !one.up || one.mtu > kNoLimit || one.name.starts_with("cilium")) {
    return;
  }
  const Interface* under = underlayOf(network, one);
  if (under == nullptr || under->loopback || one.mtu + overhead <= under->mtu) {
    return;
  }
  Finding finding;
  finding.subject = one.name;
  finding.summary =
      fmt::format("{} takes packets of {} bytes, but {} carries no more than {}", one.name, one.mtu,
                  under->name, under->mtu > overhead ? under->mtu - overhead : 0);
  finding.evidence = {fmt::format("{} {} has MTU {}, {} has {}, and the overlay adds {} bytes",
                                  one.kind, one.name, one.mtu, under->name, under->mtu, overhead)};
  finding.consequence =
      "large packets between nodes are fragmented or dropped: connections open and then hang with "
      "the first large answer, TLS handshakes and image pulls first";
  finding.remedy = fmt::format(
      "set the CNI's MTU to {} (flannel and Calico find it themselves when they are restarted "
      "after the uplink changed); for now: ip link set {} mtu {}",
      under->mtu > overhead ? under->mtu - overhead : 0, one.name,
      under->mtu > overhead ? under->mtu - overhead : 0);
  findings.push_back(std::move(finding));
}

/// The bridge drops what does not fit its port or itself, without a word to the sender
/// (net/bridge/br_forward.c, is_skb_forwardable()).
void examineBridge(const Network& network, const Interface& bridge,
                   std::vector<Finding>& findings) {
  Finding finding;
  std::size_t ports = 0;
  for (const Interface& port : network.interfaces) {
    if (port.master == bridge.index && port.kind == "veth" && port.up && port.mtu != bridge.mtu) {
      ++ports;
      finding.evidence.push_back(
          fmt::format("{} has MTU {}, {} has {}", port.name, port.mtu, bridge.name, bridge.mtu));
    }
  }
  if (ports == 0) {
    return;
  }
  constexpr std::size_t kShown = 5;
  finding.evidence.resize(std::min(finding.evidence.size(), kShown));
  finding.subject = bridge.name;
  finding.summary =
      fmt::format("{} ports of bridge {} have another MTU than the bridge", ports, bridge.name);
  finding.consequence = "packets that fit the one and not the other vanish without an ICMP message";
  finding.remedy = fmt::format(
      "give both the same MTU; pods keep what they were started with: restart them after "
      "the MTU of the CNI or of {} was changed",
      bridge.name);
  findings.push_back(std::move(finding));
}

std::vector<Finding> run(const Evidence& evidence) {
  const Network network = networkOf(evidence);
  std::vector<Finding> findings;
  for (const Interface& one : network.interfaces) {
    examineOverlay(network, one, findings);
    if (one.up && isContainerBridge(network, one)) {
      examineBridge(network, one, findings);
    }
  }
  return findings;
}

}  // namespace

const Check kMtu = {
    "mtu",
    "MTUs that do not fit each other",
    {
        "An overlay puts a header before each packet: VXLAN and Geneve 50 bytes, WireGuard 60, GRE "
        "24, IPIP 20, and 20 more over IPv6. Its MTU has to be smaller than the uplink's by as "
        "much. It is not when the uplink's MTU changed, or differs from node to node.",
        "The MTU of each overlay device that is up against that of the interface which it sends "
        "through (Cilium's, and those of Open vSwitch, are left out: their routes say how large "
        "packets may be); and the MTU of container bridges against their veth ports'.",
        "Small packets pass, large ones do not: connections open and hang with the first large "
        "answer.",
        "Nothing automatic: pods keep the MTU that they were started with. Set it in the CNI's "
        "configuration, then restart the pods.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
