#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"

/// evidence_names.h kLinks: interfaces, addresses, routes and neighbours of the node's own network
/// namespace, and the other namespaces that its interfaces lead to.
namespace hitless::doctor {

struct Interface {
  std::uint32_t index = 0;
  std::string name;
  std::string kind;  ///< "veth", "bridge", "vxlan" ...; empty: hardware or loopback.
  std::uint32_t mtu = 0;
  std::uint32_t master = 0;  ///< The index of the bridge or bond that it is a port of; 0 = none.
  std::uint32_t lower = 0;   ///< The index of what a tunnel or VLAN sends through; 0 = not said.
  bool up = false;
  bool loopback = false;
  /// The kernel's number for the namespace in which the other end is (IFLA_LINK_NETNSID).
  std::optional<std::int32_t> peerNetns;
  std::optional<IpAddress> local;  ///< A tunnel's own outer address.
  bool operator==(const Interface&) const = default;
};

struct InterfaceAddress {
  std::uint32_t interface = 0;  ///< Index.
  Cidr address;                 ///< With host bits.
  bool operator==(const InterfaceAddress&) const = default;
};

/// Of the main table.
struct RouteEntry {
  Cidr destination;
  std::optional<IpAddress> gateway;  ///< Of several, the first.
  std::uint32_t interface = 0;       ///< Index; 0 = none.
  bool blackhole = false;            ///< Blackhole, unreachable or prohibit: leads nowhere.
  bool operator==(const RouteEntry&) const = default;
};

/// NUD_* of linux/neighbour.h.
inline constexpr std::uint16_t kNeighbourIncomplete = 0x01;
inline constexpr std::uint16_t kNeighbourFailed = 0x20;

struct Neighbour {
  std::uint32_t interface = 0;
  IpAddress address;
  std::uint16_t state = 0;  ///< NUD_*
  /// Asked for, and nobody answered.
  bool silent() const { return (state & (kNeighbourFailed | kNeighbourIncomplete)) != 0; }
  bool operator==(const Neighbour&) const = default;
};

/// A network namespace that processes are in, or that has a name in /run/netns.
struct NetworkNamespace {
  std::uint64_t inode = 0;
  std::optional<std::int32_t>
      id;  ///< As in Interface::peerNetns; nullopt: no interface leads to it.
  std::uint32_t processes = 0;
  std::string name;  ///< Of the file in /run/netns; empty if it has none.
  bool operator==(const NetworkNamespace&) const = default;
};

struct Network {
  std::vector<Interface> interfaces;
  std::vector<InterfaceAddress> addresses;
  std::vector<RouteEntry> routes;
  std::vector<Neighbour> neighbours;
  std::vector<NetworkNamespace> namespaces;
  std::uint64_t own = 0;  ///< The inode of the namespace that all this was seen in; 0 = unknown.
  /// More were there than were read.
  bool routesCut = false;
  bool neighboursCut = false;
  /// All processes and all of /run/netns could be looked at.
  bool namespacesWhole = false;

  const Interface* find(std::uint32_t index) const;
  /// Some interface has this address.
  bool isOwn(const IpAddress& address) const;
  bool operator==(const Network&) const = default;
};

/// A bridge that containers hang on: it has a veth port, or a name that only container software
/// gives (cni0, docker0, br-0123456789ab, kube-bridge, cbr0, weave).
bool isContainerBridge(const Network& network, const Interface& bridge);

/// A network whose addresses are containers of this node and nothing else, with how that is known.
struct PodNetwork {
  Cidr range;
  std::uint32_t bridge = 0;  ///< Index of the bridge that has it; 0: a block of which each address
                             ///< has a route of its own (a blackhole route covers it).
};
/// Link-local networks and single addresses are none.
std::vector<PodNetwork> podNetworks(const Network& network);

std::string renderNetwork(const Network& network);
/// Interfaces without a name are left out: the kernel has none.
Result<Network> parseNetwork(std::string_view json);

}  // namespace hitless::doctor
