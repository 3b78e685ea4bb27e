#pragma once

#include <cstdint>
#include <vector>

#include "core/rules/resolver_table.h"
#include "sys/netlink/nft_dataplane.h"
#include "sys/netlink/policy_routes.h"

namespace hitless::app {

struct DnsDoorOptions {
  rules::ResolverOptions rules = {};
  /// The routing table that delivers queries locally, and the place of the rule that leads there.
  std::uint32_t routeTable = 5300;
  std::uint32_t rulePriority = 53;
};

/// Leads the queries of this node's pods and processes to a name server in this process, at
/// addresses that no interface has: the cluster IPs of the cluster's DNS Service, a link-local
/// address (docs/decisions/0007). The packets are neither translated nor tracked. Open as long as
/// the object lives, and no longer however the process ends: then queries take the way of any
/// Service.
///
/// One per network namespace, the one that the thread is in at open(). Needs CAP_NET_ADMIN over it.
/// Not for use by two threads at once.
class DnsDoor {
 public:
  /// Claims the door; no packet takes it yet. kConflict: another process has it, perhaps a
  /// predecessor that is just ending: try again. kUnsupported: this kernel has no tables with an
  /// owner (before 5.12) or no nftables.
  static Result<DnsDoor> open(const DnsDoorOptions& options = {});

  /// From now on exactly these addresses lead here; none closes the door. The server must be bound
  /// to them before: nobody else can answer. Reads back what the kernel has and writes the
  /// difference, so it also restores what others broke. On an error some may not lead here.
  /// kInvalid: an IPv6 link-local address, which needs an interface.
  Status serve(std::vector<IpAddress> addresses);

 private:
  DnsDoor(const DnsDoorOptions& options, sys::NftDataplane dataplane, sys::PolicyRoutes routes)
      : options_(options), dataplane_(std::move(dataplane)), routes_(std::move(routes)) {}
  Status programTable(const std::vector<IpAddress>& addresses);
  Status addRoutes(const std::vector<IpAddress>& addresses);

  DnsDoorOptions options_;
  sys::NftDataplane dataplane_;
  sys::PolicyRoutes routes_;
};

/// Removes what outlives an agent: the routing rules and routes, which without the table's mark
/// nothing uses.
Status removeDnsDoor(const DnsDoorOptions& options = {});

}  // namespace hitless::app
