#include "sys/netlink/packet_log.h"

#include <linux/netlink.h>
#include <spdlog/spdlog.h>

#include "core/netlink/log_codec.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kReceiveBuffer = std::size_t{1} << 20;

}  // namespace

Result<PacketLog> PacketLog::open(std::uint16_t group, std::uint32_t bytes) {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  socket.reserveReceive(kReceiveBuffer);
  TRY_VOID(socket.request(netlink::encodeLogBind(group, socket.nextSequence()),
                          "listen for copies of packets"));
  TRY_VOID(socket.request(netlink::encodeLogCopy(group, bytes, socket.nextSequence()),
                          "ask for copies of packets"));
  return PacketLog(std::move(socket));
}

void PacketLog::start(boost::asio::io_context& io, OnPacket onPacket) {
  onPacket_ = std::move(onPacket);
  watch_.start(io, socket_.fd(), [this] { readAll(); });
}

void PacketLog::readAll() {
  for (;;) {
    const auto datagram = socket_.receiveNow("read copies of packets");
    if (!datagram && datagram.error().osError == ENOBUFS) {
      continue;  // Too many at once: their senders repeat them.
    }
    if (!datagram || datagram->empty()) {
      return;
    }
    for (const netlink::Message& message : netlink::parseMessages(*datagram)) {
      const netlink::ByteView packet = netlink::loggedPacket(message);
      if (!packet.empty() && onPacket_) {
        onPacket_(packet);
      }
    }
  }
}

}  // namespace hitless::sys
