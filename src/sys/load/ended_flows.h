#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "core/load/backend_lookup.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// Connections that connection tracking has let go of, from its own events. A connection attempt
/// that is answered by a reset is forgotten at once: only its end tells where it had been led.
class EndedFlows {
 public:
  /// Listens in the network namespace of the thread. Needs CAP_NET_ADMIN over it.
  static Result<EndedFlows> open();

  /// Takes in the events that have come.
  void refresh();
  /// Where the connection's answers came from; nullopt if its end has not been seen.
  std::optional<load::Endpoint> find(const load::Endpoint& source,
                                     const load::Endpoint& destination) const;
  /// Events were lost, so that find() proves nothing by finding nothing.
  bool lossy() const { return lossy_; }

 private:
  using Key = std::pair<load::Endpoint, load::Endpoint>;

  explicit EndedFlows(NetlinkSocket socket) : socket_(std::move(socket)) {}
  void take(netlink::ByteView datagram);

  NetlinkSocket socket_;
  std::map<Key, load::Endpoint> backends_;
  std::deque<Key> order_;  ///< Oldest first.
  bool lossy_ = false;
};

}  // namespace hitless::sys
