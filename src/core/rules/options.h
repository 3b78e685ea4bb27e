#pragma once

#include <string>
#include <vector>

#include "base/ip.h"

namespace hitless::rules {

/// How connections of this node's pods are told from others (kube-proxy's detectLocalMode).
struct LocalDetector {
  enum class Mode {
    kNetworks,         ///< ClusterCIDR, NodeCIDR: the source address is in one of `networks`.
    kBridge,           ///< BridgeInterface: they come in through the interface `interface`.
    kInterfacePrefix,  ///< InterfaceNamePrefix: ... whose name begins with `interface`.
  };
  Mode mode = Mode::kNetworks;
  std::vector<Cidr> networks = {};
  std::string interface = {};  ///< At most 15 bytes (IFNAMSIZ - 1).
  bool operator==(const LocalDetector&) const = default;
};

/// Pods are known by their addresses.
inline LocalDetector podsIn(std::vector<Cidr> networks) {
  return {LocalDetector::Mode::kNetworks, std::move(networks), {}};
}

struct Options {
  std::vector<IpFamily> families = {IpFamily::kV4};
  /// Connections to a cluster IP from elsewhere (from the node itself, from outside) are
  /// masqueraded, so that the answers come back through this node.
  LocalDetector pods = {};
  /// Masquerade every connection to a service.
  bool masqueradeAll = false;
  /// Addresses of this node on which node ports are served.
  std::vector<IpAddress> nodePortAddresses = {};
  /// Networks that cluster IPs are taken from (ServiceCIDR objects): connections to an address in
  /// them that no service has are dropped.
  std::vector<Cidr> serviceCidrs = {};
  bool operator==(const Options&) const = default;
};

}  // namespace hitless::rules
