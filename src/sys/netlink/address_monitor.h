#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <vector>

#include "base/ip.h"
#include "sys/netlink/readable_watch.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// Follows the addresses of this machine's interfaces, without loopback and link-local ones, in the
/// network namespace that the thread was in at open().
class AddressMonitor {
 public:
  using OnChange = std::function<void(std::vector<IpAddress>)>;

  static Result<AddressMonitor> open();
  AddressMonitor(AddressMonitor&&) = default;
  AddressMonitor& operator=(AddressMonitor&&) = delete;

  /// The addresses now; sorted, unique.
  Result<std::vector<IpAddress>> read();

  /// Reports on `io` what there is now and after every change; call it once. From then
  /// on the monitor must stay where it is, and outlive io's run.
  void start(boost::asio::io_context& io, OnChange onChange);
  void stop() { watch_.stop(); }

 private:
  AddressMonitor(NetlinkSocket news, NetlinkSocket requests)
      : news_(std::move(news)), requests_(std::move(requests)) {}
  void drain();
  void report();

  NetlinkSocket news_;      ///< Tells that something has changed ...
  NetlinkSocket requests_;  ///< ... and what there is then.
  OnChange onChange_;
  std::vector<IpAddress> known_;
  bool reported_ = false;
  ReadableWatch watch_;
};

}  // namespace hitless::sys
