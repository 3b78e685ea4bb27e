#pragma once

#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "core/conntrack/flow_table.h"

namespace hitless::conntrack {

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
/// - UDP to an endpoint that serves no more;
/// - TCP that an endpoint which takes no new connections has not answered yet, so that the client's
///   next SYN goes elsewhere;
/// - TCP that was reset and had gone to such an endpoint: connection tracking remembers it for 10 s
///   and would send a connection from the same port there again
///   (nf_conntrack_proto_tcp.c: a SYN opens anew only what both sides, or its client, had closed);
/// - UDP, and TCP without an answer, that was not translated although the service has endpoints: it
///   began before there were any, or while there were no rules, and never would be translated
///   however often the client repeats itself.
/// Established TCP is never among them: that is what makes a graceful end possible. Where `changed`
/// names an address more than once, the last counts.
std::vector<Flow> staleFlows(std::span<const Flow> flows, std::span<const Destination> changed);

/// Deletes the stale flows of a table and gives them. Does not read the table if nothing changed.
Result<std::vector<Flow>> removeStaleFlows(FlowTable& table, std::span<const Destination> changed);

}  // namespace hitless::conntrack
