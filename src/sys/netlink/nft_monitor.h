#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>

#include "core/nft/table_news.h"
#include "sys/netlink/readable_watch.h"
#include "sys/netlink/socket.h"

namespace hitless::sys {

/// Notices at once when anybody else changes one table of the inet family: a deleted element, a
/// deleted table, a flushed ruleset. Watches the network namespace that the thread was in at
/// open().
class NftMonitor {
 public:
  struct Options {
    std::string table;
    std::uint32_t ownPort = 0;  ///< NftDataplane::port(): its changes are no news.
    std::size_t receiveBuffer = std::size_t{8} << 20;
  };
  /// Gets a change, or nothing when notifications were lost, so that anything may have changed.
  using OnChange = std::function<void(const std::optional<nft::TableChange>&)>;

  /// Needs CAP_NET_ADMIN over the network namespace.
  static Result<NftMonitor> open(Options options);
  NftMonitor(NftMonitor&&) = default;
  NftMonitor& operator=(NftMonitor&&) = delete;

  /// Reports on `io` from now on; call it once. From then on the monitor must stay where it is, and
  /// outlive io's run.
  void start(boost::asio::io_context& io, OnChange onChange);
  void stop() { watch_.stop(); }

 private:
  NftMonitor(NetlinkSocket socket, const Options& options)
      : socket_(std::move(socket)), news_(options.table, options.ownPort) {}
  void readAll();

  NetlinkSocket socket_;
  nft::TableNews news_;
  OnChange onChange_;
  ReadableWatch watch_;
};

}  // namespace hitless::sys
