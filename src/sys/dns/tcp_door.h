#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <set>

#include "base/clock.h"
#include "sys/container/fd.h"
#include "sys/dns/published.h"

namespace hitless::sys {

struct TcpDoorOptions {
  std::size_t maxConnections = 1024;
  /// Of one connection, before more is read from it (RFC 7766 6.2.1.1: pipelining).
  std::size_t maxUnanswered = 64;
  nanoseconds idle = seconds(10);  ///< Then a connection without anything to do is closed.
};

/// The name server at one TCP address (RFC 7766): queries may follow each other without waiting,
/// answers come in the order in which they are known.
class TcpDoor : public std::enable_shared_from_this<TcpDoor> {
 public:
  struct Parts {
    boost::asio::io_context& io;
    const Clock& clock;
    const Published& published;
    dns::Responder& responder;
    std::function<void()> served;  ///< After each query, with what is published still kept.
  };

  /// `socket`: listening and non-blocking, of the family of `address`.
  static std::shared_ptr<TcpDoor> open(Parts parts, Fd socket, const IpAddress& address,
                                       TcpDoorOptions options = {});
  ~TcpDoor();
  void close();

 private:
  class Connection;

  TcpDoor(Parts parts, Fd socket, const IpAddress& address, TcpDoorOptions options);
  void accept();

  Parts parts_;
  TcpDoorOptions options_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::set<std::shared_ptr<Connection>> connections_;
};

}  // namespace hitless::sys
