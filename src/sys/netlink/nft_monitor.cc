#include "sys/netlink/nft_monitor.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <spdlog/spdlog.h>

namespace hitless::sys {

Result<NftMonitor> NftMonitor::open(Options options) {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  socket.reserveReceive(options.receiveBuffer);
  // Our own loads may be far larger than any buffer, so the kernel sorts them out.
  TRY_VOID(socket.ignoreChangesOf(options.ownPort));
  TRY_VOID(socket.join(NFNLGRP_NFTABLES));
  return NftMonitor(std::move(socket), options);
}

void NftMonitor::start(boost::asio::io_context& io, OnChange onChange) {
  onChange_ = std::move(onChange);
  watch_.start(io, socket_.fd(), [this] { readAll(); });
}

void NftMonitor::readAll() {
  bool lost = false;
  for (;;) {
    const auto datagram = socket_.receiveNow("read changes of the packet rules");
    if (!datagram) {
      // ENOBUFS: more changes than the buffer holds.
      lost = true;
      if (datagram.error().osError != ENOBUFS) {
        spdlog::warn("{}", datagram.error().text());
        break;
      }
      continue;
    }
    if (datagram->empty()) {
      break;
    }
    for (const netlink::Message& message : netlink::parseMessages(*datagram)) {
      const auto change = news_.add(message);
      if (change && !lost) {
        onChange_(change);
      }
    }
  }
  if (lost) {
    // What was left in the buffer is part of what is reported now.
    news_.forget();
    onChange_(std::nullopt);
  }
}

}  // namespace hitless::sys
