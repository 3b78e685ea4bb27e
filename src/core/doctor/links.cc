#include "core/doctor/links.h"

#include <algorithm>
#include <array>

#include "core/netlink/address_codec.h"

namespace hitless::doctor {
namespace {

/// Docker calls the bridges of its networks br- and twelve digits of the network's id.
bool isDockerBridge(std::string_view name) {
  return name.size() == 15 && name.starts_with("br-") &&
         name.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

bool isContainerBridgeName(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {"cni0",  "docker0", "kube-bridge", "cbr0",
                                                      "weave", "podman0", "cni-podman0"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || isDockerBridge(name);
}

bool single(const Cidr& range) {
  return range.length == range.address.bytes().size() * 8;
}

}  // namespace

const Interface* Network::find(std::uint32_t index) const {
  const auto it = std::find_if(interfaces.begin(), interfaces.end(),
                               [&](const Interface& one) { return one.index == index; });
  return it == interfaces.end() ? nullptr : &*it;
}

bool Network::isOwn(const IpAddress& address) const {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const InterfaceAddress& one) { return one.address.address == address; });
}

bool isContainerBridge(const Network& network, const Interface& bridge) {
  if (bridge.kind != "bridge") {
    return false;
  }
  return isContainerBridgeName(bridge.name) ||
         std::any_of(network.interfaces.begin(), network.interfaces.end(),
                     [&](const Interface& port) {
                       return port.master == bridge.index && port.kind == "veth";
                     });
}

std::vector<PodNetwork> podNetworks(const Network& network) {
  std::vector<PodNetwork> found;
  const auto add = [&](const Cidr& range, std::uint32_t bridge) {
    if (!single(range) && range.length > 0 && netlink::reachable(range.address)) {
      found.push_back({range.masked(), bridge});
    }
  };
  for (const InterfaceAddress& own : network.addresses) {
    const Interface* interface = network.find(own.interface);
    if (interface != nullptr && isContainerBridge(network, *interface)) {
      add(own.address, interface->index);
    }
  }
  for (const RouteEntry& route : network.routes) {
    const bool served =
        std::any_of(network.routes.begin(), network.routes.end(), [&](const RouteEntry& other) {
          return !other.blackhole && other.interface != 0 && single(other.destination) &&
                 route.destination.contains(other.destination.address);
        });
    if (route.blackhole && served) {
      add(route.destination, 0);
    }
  }
  return found;
}

}  // namespace hitless::doctor
