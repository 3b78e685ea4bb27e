#include "sys/load/ended_flows.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/conntrack/codec.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kRemembered = 16384;
constexpr std::size_t kReceiveBuffer = std::size_t{8} << 20;

}  // namespace

Result<EndedFlows> EndedFlows::open() {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  socket.reserveReceive(kReceiveBuffer);
  const int group = NFNLGRP_CONNTRACK_DESTROY;
  if (setsockopt(socket.fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
    return osFail("listen for ended connections");
  }
  return EndedFlows(std::move(socket));
}

void EndedFlows::refresh() {
  std::uint8_t buffer[32 * 1024];
  for (;;) {
    const ssize_t size = recv(socket_.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) {
      take({buffer, static_cast<std::size_t>(size)});
    } else if (size < 0 && errno == ENOBUFS) {
      lossy_ = true;
    } else {
      return;
    }
  }
}

void EndedFlows::take(netlink::ByteView datagram) {
  for (const netlink::Message& message : netlink::parseMessages(datagram)) {
    const auto flow = conntrack::decodeFlow(message);
    if (!flow || flow->original.protocol != conntrack::kTcp) {
      continue;
    }
    const Key key{{flow->original.source, flow->original.sourcePort},
                  {flow->original.destination, flow->original.destinationPort}};
    if (backends_.insert_or_assign(key, load::Endpoint{flow->reply.source, flow->reply.sourcePort})
            .second) {
      order_.push_back(key);
    }
    if (order_.size() > kRemembered) {
      backends_.erase(order_.front());
      order_.pop_front();
    }
  }
}

std::optional<load::Endpoint> EndedFlows::find(const load::Endpoint& source,
                                               const load::Endpoint& destination) const {
  const auto found = backends_.find({source, destination});
  return found == backends_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace hitless::sys
