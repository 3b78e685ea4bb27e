#pragma once

#include <map>
#include <string>

#include "core/node/pod_network.h"
#include "sys/container/sandbox.h"
#include "sys/netlink/link.h"

namespace hitless::app {

/// The pods' side of a node's network: a bridge that is their gateway, a veth pair and an address
/// for each pod, and routes to the other nodes' pods. Pods of one node reach each other through the
/// gateway too (each has its address alone and a route to the gateway), so that service connections
/// between them pass connection tracking in both directions.
class PodNetwork {
 public:
  /// Makes the bridge with the first address of `podCidr` and sets the node's forwarding sysctls.
  static Result<PodNetwork> create(const Cidr& podCidr);

  /// An address for the pod, until detach(). Nothing leads to it yet.
  Result<IpAddress> take(const std::string& podUid);
  /// Makes the pod's interface with its address. Its end on the node is down.
  Status connect(const std::string& podUid, const sys::Sandbox& sandbox);
  /// From here on the pod sends and receives.
  Status open(const std::string& podUid);
  void detach(const std::string& podUid);

  /// Makes the routes to other nodes what they should be. One that cannot be set is tried again at
  /// the next call.
  Status setRoutes(const node::Routes& wanted);

 private:
  PodNetwork(const Cidr& podCidr, sys::Links links) : pool_(podCidr), links_(std::move(links)) {}

  node::AddressPool pool_;
  sys::Links links_;
  std::map<std::string, IpAddress> addresses_;
  node::Routes routes_;
};

}  // namespace hitless::app
