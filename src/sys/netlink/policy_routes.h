#pragma once

#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "core/netlink/policy_codec.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// Routing rules, and routes that deliver locally, of the network namespace that the thread was in
/// at open(). Needs CAP_NET_ADMIN over that namespace to change any. What is to be is said, not
/// what is to change: to add what is there, or to remove what is not, is no error.
class PolicyRoutes {
 public:
  static Result<PolicyRoutes> open();

  Status addRule(const netlink::MarkRule& rule);
  Status removeRule(const netlink::MarkRule& rule);
  Status addLocalRoute(const netlink::LocalRoute& route);
  Status removeLocalRoute(const netlink::LocalRoute& route);
  /// The addresses of a family that the table delivers locally; none if there is no such table.
  Result<std::vector<IpAddress>> localRoutes(IpFamily family, std::uint32_t table);

 private:
  explicit PolicyRoutes(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

}  // namespace hitless::sys
