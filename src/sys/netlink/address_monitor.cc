#include "sys/netlink/address_monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/netlink/address_codec.h"

namespace hitless::sys {
namespace {

constexpr int kReadAttempts = 5;

}  // namespace

Result<AddressMonitor> AddressMonitor::open() {
  NetlinkSocket news = TRY(NetlinkSocket::open(NETLINK_ROUTE));
  TRY_VOID(news.join(RTNLGRP_IPV4_IFADDR));
  TRY_VOID(news.join(RTNLGRP_IPV6_IFADDR));
  return AddressMonitor(std::move(news), TRY(NetlinkSocket::open(NETLINK_ROUTE)));
}

Result<std::vector<IpAddress>> AddressMonitor::read() {
  for (int attempt = 1;; ++attempt) {
    std::vector<IpAddress> addresses;
    const Status dumped =
        requests_.dump(netlink::dumpAddresses(requests_.nextSequence()),
                       "list the machine's addresses", [&](const netlink::Message& message) {
                         const auto address = netlink::interfaceAddress(message);
                         if (address && netlink::reachable(*address)) {
                           addresses.push_back(*address);
                         }
                         return Status{};
                       });
    if (dumped) {
      std::sort(addresses.begin(), addresses.end());
      addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
      return addresses;
    }
    // EINTR: they changed meanwhile.
    if (dumped.error().osError != EINTR || attempt == kReadAttempts) {
      return tl::unexpected(dumped.error());
    }
  }
}

void AddressMonitor::start(boost::asio::io_context& io, OnChange onChange) {
  onChange_ = std::move(onChange);
  watch_.start(io, news_.fd(), [this] {
    drain();
    report();
  });
  report();
}

void AddressMonitor::drain() {
  // The list is read anew, so neither the news nor a lost part of them (ENOBUFS) matters.
  for (;;) {
    const auto datagram = news_.receiveNow("read changes of addresses");
    if (datagram ? datagram->empty() : datagram.error().osError != ENOBUFS) {
      return;
    }
  }
}

void AddressMonitor::report() {
  auto addresses = read();
  if (!addresses) {
    spdlog::warn("{}; node ports stay on the addresses known so far", addresses.error().text());
    return;
  }
  if (!reported_ || *addresses != known_) {
    reported_ = true;
    known_ = *addresses;
    onChange_(std::move(*addresses));
  }
}

}  // namespace hitless::sys
