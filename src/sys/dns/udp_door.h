#pragma once

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "sys/container/fd.h"
#include "sys/dns/door_parts.h"

namespace hitless::sys {

/// The name server at one UDP address: takes in and answers many queries with two system calls.
class UdpDoor : public std::enable_shared_from_this<UdpDoor> {
 public:
  /// `socket`: bound and non-blocking.
  static std::shared_ptr<UdpDoor> open(DoorParts parts, Fd socket);
  ~UdpDoor();

  void close();

 private:
  struct Batch;

  UdpDoor(DoorParts parts, Fd socket);
  void wait();
  void drain();
  /// How many messages came in.
  int serve();
  void send(int count);
  dns::Reply replyLater(std::size_t index);

  DoorParts parts_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::unique_ptr<Batch> batch_;
};

}  // namespace hitless::sys
