#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hitless::sys {

/// TCP or unix.
using StreamSocket = boost::asio::generic::stream_protocol::socket;

/// The bytes of one accepted connection, plain or TLS. At most one read and one write at a time;
/// the caller keeps buffers (and itself) alive until the completion is called, on the io_context.
class Transport {
 public:
  using Done = std::function<void(boost::system::error_code, std::size_t)>;

  virtual ~Transport() = default;
  /// Makes the connection usable; at once without TLS.
  virtual void handshake(Done done) = 0;
  virtual void readSome(char* data, std::size_t size, Done done) = 0;
  /// Writes all of `data`.
  virtual void write(std::string_view data, Done done) = 0;
  /// Tells the peer that nothing more will be sent (TLS: with close_notify, and waits for the
  /// peer's).
  virtual void sayGoodbye(Done done) = 0;
  /// Ends the sending direction only, so that input can still be drained.
  virtual void shutdownSend() = 0;
  /// Ends pending operations with an error.
  virtual void close() = 0;
};

std::unique_ptr<Transport> plainTransport(StreamSocket socket);
/// What it needs of `context` it keeps alive.
std::unique_ptr<Transport> tlsTransport(StreamSocket socket, boost::asio::ssl::context& context);

/// TLS 1.2 or newer with this certificate chain and key; answers ALPN with http/1.1.
Result<std::unique_ptr<boost::asio::ssl::context>> serverContext(const std::string& certificatePem,
                                                                 const std::string& keyPem);

}  // namespace hitless::sys
