#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/netlink/ipset_codec.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// IP sets of the network namespace that the thread was in at open(). kNotFound if the kernel has
/// none loaded; asking would load its module.
class IpSets {
 public:
  static Result<IpSets> open();
  Result<std::vector<netlink::ListedSet>> headers();
  /// With all members. kNotFound if there is no such set.
  Result<netlink::ListedSet> read(std::string_view name);
  /// Makes it with its members. kConflict if the name is taken.
  Status create(const netlink::ListedSet& set);
  /// kNotFound if there is none; kConflict if a rule or another set uses it.
  Status destroy(std::string_view name);

 private:
  explicit IpSets(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

/// Evidence doctor::names::kIpSets.
Result<std::string> ipSetsEvidence();

}  // namespace hitless::sys
