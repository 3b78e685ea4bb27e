#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "core/conntrack/flow_table.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

using conntrack::Flow;

/// The connection table of the network namespace that the thread was in at open(). Needs
/// CAP_NET_ADMIN over that namespace. Not for use by two threads at once.
class Conntrack : public conntrack::FlowTable {
 public:
  static Result<Conntrack> open();

  Result<std::optional<Flow>> find(const conntrack::Tuple& tuple) override;
  /// Done also if the flow is gone already or was replaced by a newer one.
  Status remove(const Flow& flow) override;
  Status clearLabel(const Flow& flow, unsigned label) override;
  Result<std::vector<Flow>> dump() override;
  Result<std::vector<Flow>> dumpAnsweredBy(const IpAddress& address) override;

 private:
  Result<std::vector<Flow>> collect(
      const std::function<netlink::Bytes(std::uint32_t sequence)>& request);
  explicit Conntrack(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

}  // namespace hitless::sys
