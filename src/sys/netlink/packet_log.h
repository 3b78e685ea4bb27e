#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>

#include "sys/netlink/readable_watch.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// The packets that nftables rules with `log group` copy to a group, in the network namespace that
/// the thread was in at open(). A group has one listener.
class PacketLog {
 public:
  /// A packet from its network header on.
  using OnPacket = std::function<void(netlink::ByteView)>;

  /// Needs CAP_NET_ADMIN over the network namespace. At most `bytes` of each packet.
  static Result<PacketLog> open(std::uint16_t group, std::uint32_t bytes = 2048);
  PacketLog(PacketLog&&) = default;
  PacketLog& operator=(PacketLog&&) = delete;

  /// Reports on `io` from now on; call it once. From then on the log must stay where it is, and
  /// outlive io's run.
  void start(boost::asio::io_context& io, OnPacket onPacket);
  /// Reports what there is already, now.
  void readAll();
  void stop() { watch_.stop(); }

 private:
  explicit PacketLog(NetlinkSocket socket) : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
  OnPacket onPacket_;
  ReadableWatch watch_;
};

}  // namespace hitless::sys
