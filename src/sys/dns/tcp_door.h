#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <set>

#include "base/clock.h"
#include "sys/container/fd.h"
#include "sys/dns/door_parts.h"

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
  /// `socket`: listening and non-blocking, of the family of `address`.
  static std::shared_ptr<TcpDoor> open(DoorParts parts, Fd socket, const IpAddress& address,
                                       TcpDoorOptions options = {});
  ~TcpDoor();
  void close();

 private:
  class Connection;

  TcpDoor(DoorParts parts, Fd socket, const IpAddress& address, TcpDoorOptions options);
  void accept();

  DoorParts parts_;
  TcpDoorOptions options_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::set<std::shared_ptr<Connection>> connections_;
};

}  // namespace hitless::sys
