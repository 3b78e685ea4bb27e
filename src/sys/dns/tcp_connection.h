#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "core/dns/types.h"

namespace hitless::sys {

/// A TCP connection that carries DNS messages with their lengths (RFC 1035 4.2.2) to an upstream.
class DnsConnection : public std::enable_shared_from_this<DnsConnection> {
 public:
  struct Handlers {
    std::function<void(dns::ByteView)> message;
    /// Closed by the peer, by an error, or because it was idle; not by close().
    std::function<void()> closed;
  };
  static std::shared_ptr<DnsConnection> open(boost::asio::io_context& io,
                                             const boost::asio::ip::tcp::endpoint& to,
                                             nanoseconds idle, Handlers handlers);

  void send(dns::ByteView message);
  /// No handler is called any more. May be called from one.
  void close();
  /// From now on it is idle, and closed after a while; or it is not.
  void setIdle(bool idle);

 private:
  DnsConnection(boost::asio::io_context& io, nanoseconds idle, Handlers handlers);
  void start(const boost::asio::ip::tcp::endpoint& to);
  void write();
  void read();
  void takeMessages();
  void fail();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  nanoseconds idle_;
  Handlers handlers_;
  bool open_ = true;
  bool connected_ = false;
  bool writing_ = false;
  bool idling_ = false;                ///< Its end may be queued already when that changes.
  std::vector<std::uint8_t> waiting_;  ///< To be written.
  std::vector<std::uint8_t> leaving_;  ///< Being written.
  std::vector<std::uint8_t> input_;
  std::size_t filled_ = 0;
};

}  // namespace hitless::sys
