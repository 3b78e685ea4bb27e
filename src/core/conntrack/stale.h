#pragma once

#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "core/conntrack/flow.h"

namespace hitless::conntrack {

/// The connections of a network namespace. The kernel's is sys/netlink/conntrack.h.
class FlowTable {
 public:
  virtual ~FlowTable() = default;
  virtual Result<std::vector<Flow>> dump() = 0;
  /// Done also if the flow is gone already.
  virtual Status remove(const Flow& flow) = 0;
};

/// A service address whose endpoints changed.
struct Destination {
  using Endpoint = std::pair<IpAddress, std::uint16_t>;
  std::uint8_t protocol = 0;
  IpAddress address;
  std::uint16_t port = 0;
  std::vector<Endpoint> fresh;  ///< Where new connections go; sorted.
  std::vector<Endpoint>
      valid;  ///< Where existing flows may stay (also endpoints that drain); sorted.

  bool operator==(const Destination&) const = default;
};

/// Which flows to delete so that their next packet finds a living endpoint:
/// - UDP to an endpoint that serves no more, and UDP from before the service had endpoints, since a
///   client that keeps its socket would never be translated again;
/// - TCP that an endpoint which takes no new connections has not answered yet, so that the client's
///   next SYN goes elsewhere.
/// Established TCP is never among them: that is what makes a graceful end possible.
std::vector<Flow> staleFlows(std::span<const Flow> flows, std::span<const Destination> changed);

/// Deletes the stale flows of a table; gives how many. Does not read the table if nothing changed.
Result<std::size_t> removeStaleFlows(FlowTable& table, std::span<const Destination> changed);

}  // namespace hitless::conntrack
