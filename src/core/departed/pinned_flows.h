#pragma once

#include <set>
#include <span>
#include <vector>

#include "core/conntrack/flow.h"

namespace hitless::departed {

/// What is to be done about the connections to addresses at which nobody is any more.
struct PinnedFlows {
  /// The clients of these would wait for an answer until TCP gives up: to be reset. Original
  /// direction.
  std::vector<conntrack::Tuple> reset;
  /// Of UDP, without an answer so far, closing, or reset: to be forgotten, so that the next packet
  /// finds the rules that hold now. A client that uses the port of such a connection again would
  /// otherwise be led to where that went. Only what both sides have closed, a SYN opens anew by
  /// itself (nf_conntrack_proto_tcp.c: what its server has reset, it takes up again as it was).
  std::vector<conntrack::Flow> forget;
};

/// How far it is with addresses: as long as clients are asked, their connections are still needed.
enum class Look { kNotLast, kLast };

/// `ours` are the addresses of this node and its pods: the clients of other nodes are theirs to
/// tell, except where a connection was translated here.
PinnedFlows pinnedFlows(std::span<const conntrack::Flow> flows, const std::set<IpAddress>& gone,
                        const std::set<IpAddress>& ours, Look look = Look::kNotLast);

}  // namespace hitless::departed
