#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "core/kube/objects.h"

/// Addresses and routes of a node's pods.
namespace hitless::node {

/// Pod addresses of one node. Addresses go round: one that was given back is used again last, so
/// that late traffic for a pod that is gone does not meet a new one.
class AddressPool {
 public:
  /// An IPv4 network of at least four addresses; the first two (network, gateway) and the last are
  /// never given out.
  explicit AddressPool(const Cidr& podCidr) : cidr_(podCidr.masked()) {}

  /// The gateway: the node's own address in the pod network.
  Cidr gateway() const { return {cidr_.at(1), cidr_.length}; }
  /// kUnavailable if every address is in use.
  Result<IpAddress> take();
  void giveBack(const IpAddress& address);
  std::size_t inUse() const { return used_.size(); }

 private:
  Cidr cidr_;
  std::uint32_t next_ = 2;
  std::set<std::uint32_t> used_;  ///< Offsets.
};

/// The name of a pod's interface on the node's side: "hl" and 11 hexadecimal digits of a hash of
/// the uid, within the kernel's limit of 15 characters.
std::string hostInterface(std::string_view podUid);

/// Other nodes' pod networks, each reached through its node's address.
using Routes = std::map<Cidr, IpAddress>;

/// What the routes of `self` should be. Nodes without a pod CIDR or an InternalIP have none.
Routes routesTo(const std::vector<kube::Node>& nodes, std::string_view self);

struct RouteChange {
  std::vector<Cidr> remove;  ///< Comes first: a route whose gateway changes is in both lists.
  Routes add;
};
RouteChange routeChange(const Routes& have, const Routes& want);

}  // namespace hitless::node
