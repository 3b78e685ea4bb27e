#pragma once

#include <cstdint>
#include <optional>

#include "base/ip.h"
#include "core/netlink/message.h"

/// Policy routing (ip-rule(8), linux/fib_rules.h) as bytes: which packets look into which routing
/// table, and tables whose routes deliver to this machine itself.
namespace hitless::netlink {

/// Packets of the family that have all bits of `mark` look into `table` first.
struct MarkRule {
  IpFamily family = IpFamily::kV4;
  std::uint32_t mark = 0;
  std::uint32_t table = 0;
  std::uint32_t priority = 0;  ///< The lowest number is asked first.
};
Bytes newRule(const MarkRule& rule, std::uint32_t sequence);
Bytes deleteRule(const MarkRule& rule, std::uint32_t sequence);

/// Delivers what is addressed to `address` to this machine's own sockets, whether or not any
/// interface has the address.
struct LocalRoute {
  IpAddress address;
  std::uint32_t table = 0;
};
Bytes newLocalRoute(const LocalRoute& route, std::uint32_t sequence);
Bytes deleteLocalRoute(const LocalRoute& route, std::uint32_t sequence);
/// Asks for the routes of one table. Only a socket with strict checking (NETLINK_GET_STRICT_CHK)
/// gets no others.
Bytes dumpRoutes(IpFamily family, std::uint32_t table, std::uint32_t sequence);
/// What an RTM_NEWROUTE says, if it is the local route of a single address.
std::optional<LocalRoute> localRouteOf(const Message& message);

}  // namespace hitless::netlink
