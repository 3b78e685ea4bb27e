#pragma once

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "sys/container/fd.h"
#include "sys/dns/published.h"

namespace hitless::sys {

/// The name server at one UDP address: takes in and answers many queries with two system calls.
class UdpDoor : public std::enable_shared_from_this<UdpDoor> {
 public:
  struct Parts {
    boost::asio::io_context& io;
    const Clock& clock;
    const Published& published;
    dns::Responder& responder;
    std::function<void()> served;  ///< After each batch, with what is published still kept.
  };

  /// `socket`: bound and non-blocking.
  static std::shared_ptr<UdpDoor> open(Parts parts, Fd socket);
  ~UdpDoor();

  void close();

 private:
  struct Batch;

  UdpDoor(Parts parts, Fd socket);
  void wait();
  void drain();
  /// How many messages came in.
  int serve();
  void send(int count);
  dns::Reply replyLater(std::size_t index);

  Parts parts_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::unique_ptr<Batch> batch_;
};

}  // namespace hitless::sys
