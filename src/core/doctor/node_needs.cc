#include "core/doctor/node_needs.h"

#include <algorithm>

#include "core/doctor/evidence_names.h"
#include "core/netlink/address_codec.h"

namespace hitless::doctor {
namespace {

bool hasContainer(const Network& network, const Interface& bridge) {
  return std::any_of(network.interfaces.begin(), network.interfaces.end(),
                     [&](const Interface& port) {
                       return port.master == bridge.index && port.kind == "veth" && port.up;
                     });
}

bool mentions(const Evidence& evidence, std::string_view name, std::string_view words) {
  const std::string* text = evidence.find(name);
  return text != nullptr && text->find(words) != std::string::npos;
}

}  // namespace

Network networkOf(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kLinks);
  auto network = text == nullptr ? Result<Network>() : parseNetwork(*text);
  return network ? *std::move(network) : Network();
}

bool forwardsForPods(const Network& network, IpFamily family) {
  const auto bridged = [&](const InterfaceAddress& own) {
    const Interface* interface = network.find(own.interface);
    return own.address.address.family() == family && netlink::reachable(own.address.address) &&
           interface != nullptr && interface->up && interface->kind == "bridge" &&
           hasContainer(network, *interface);
  };
  const auto routed = [&](const RouteEntry& route) {
    const Interface* interface = network.find(route.interface);
    const IpAddress& to = route.destination.address;
    return to.family() == family && route.destination.length == to.bytes().size() * 8 &&
           !route.gateway && interface != nullptr && interface->up && interface->kind == "veth" &&
           netlink::reachable(to);
  };
  return std::any_of(network.addresses.begin(), network.addresses.end(), bridged) ||
         std::any_of(network.routes.begin(), network.routes.end(), routed);
}

bool servesServices(const Evidence& evidence) {
  return mentions(evidence, names::kNftChains, "\"KUBE-SERVICES\"") ||
         mentions(evidence, names::kNftChains, "\"kube-proxy\"") ||
         mentions(evidence, names::kNftRules4, "\n:KUBE-SERVICES ") ||
         mentions(evidence, names::kLegacyRules4, "\n:KUBE-SERVICES ");
}

std::vector<const Interface*> podBridges(const Network& network) {
  std::vector<const Interface*> found;
  for (const Interface& one : network.interfaces) {
    const bool docker = one.name == "docker0" || one.name.starts_with("br-");
    if (one.kind == "bridge" && !docker && hasContainer(network, one)) {
      found.push_back(&one);
    }
  }
  return found;
}

}  // namespace hitless::doctor
