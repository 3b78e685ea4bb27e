#pragma once

#include <string>

#include "base/ip.h"

namespace hitless::app {

/// The address plan of every embedded cluster. It is private to the cluster's network namespaces,
/// so it never meets the host's networks or another cluster's.
struct Addresses {
  Cidr fabric;    ///< Joins the nodes; .1 is the control plane, .10+i is node i.
  Cidr pods;      ///< Cut into one /24 for each node.
  Cidr services;  ///< ClusterIPs; .1 is the Service "kubernetes", .10 "kube-dns".

  static Addresses standard();

  IpAddress dns() const { return services.at(10); }
  IpAddress controlPlane() const { return fabric.at(1); }
  /// index counts from 1, as in the node's name.
  IpAddress node(int index) const { return fabric.at(static_cast<std::uint32_t>(9 + index)); }
  Cidr podsOf(int index) const { return {pods.at(static_cast<std::uint32_t>(index) * 256), 24}; }
};

inline std::string nodeName(int index) {
  return "node-" + std::to_string(index);
}

inline constexpr std::uint16_t kApiPort = 6443;
inline constexpr int kMaxNodes = 32;

}  // namespace hitless::app
