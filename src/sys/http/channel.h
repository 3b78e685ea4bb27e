#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hitless::sys {

/// A connection that carries bytes, plain or encrypted. At most one read and one write at a time;
/// callbacks are never called from inside the call. close() makes pending ones fail.
class Channel {
 public:
  using OnStatus = std::function<void(Status)>;
  /// Valid during the call only; empty when the peer has ended its side.
  using OnBytes = std::function<void(Result<std::string_view>)>;

  virtual ~Channel() = default;
  /// `host` is an IP address or a name; see makeUnixChannel().
  virtual void connect(const std::string& host, std::uint16_t port, OnStatus done) = 0;
  virtual void write(std::string bytes, OnStatus done) = 0;
  virtual void read(OnBytes done) = 0;
  virtual void close() = 0;
  /// An idle connection that the peer has closed or has sent something on: useless for a request.
  virtual bool stale() = 0;
};

std::shared_ptr<Channel> makePlainChannel(boost::asio::io_context& io);
/// connect() takes the path of a unix socket, of any length, as the host.
std::shared_ptr<Channel> makeUnixChannel(boost::asio::io_context& io);

/// What went wrong on a connection, as an Error that says whether a retry makes sense.
Error channelError(std::string_view what, const boost::system::error_code& error);

}  // namespace hitless::sys
