#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"

namespace hitless::sys {

struct HttpRequest {
  std::string method;
  std::string target;                          ///< Path and query as sent.
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
  std::string peer;  ///< "127.0.0.1:40312"; "unix"
};

/// The answer to one request. It may be kept and used after the handler has returned (long polls,
/// watches). Not thread-safe: use it on the server's io_context only. Dropping it without an answer
/// closes the connection.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  /// A further header field of the answer; before send() or start().
  virtual void addHeader(std::string /*name*/, std::string /*value*/) {}
  virtual void send(int status, std::string contentType, std::string body) = 0;

  // A streamed (chunked) answer. write() buffers; bufferedBytes() tells how far the peer is behind,
  // so that the caller can drop a peer that does not read.
  virtual void start(int status, std::string contentType) = 0;
  virtual void write(std::string chunk) = 0;
  virtual void finish() = 0;
  virtual std::size_t bufferedBytes() const = 0;
  /// Closes the connection at once.
  virtual void abort() = 0;
  /// Called once when the peer goes away before the answer is complete.
  virtual void onClosed(std::function<void()> closed) = 0;
};

using HttpHandler = std::function<void(HttpRequest, std::shared_ptr<HttpResponder>)>;

struct HttpServerOptions {
  std::size_t maxBodyBytes = 3 * 1024 * 1024;  ///< Larger: 413. kube-apiserver's limit is 3 MiB.
  std::string tooLargeBody;                    ///< The 413 answer (JSON); empty: a line of text.
  std::string certificatePem;                  ///< With keyPem: serve TLS; empty: plain HTTP.
  std::string keyPem;
};

/// An HTTP/1.1 server with keep-alive and chunked streaming on the given io_context.
class HttpServer {
 public:
  /// Takes over a bound and listening socket: TCP (it may belong to another network namespace) or
  /// unix.
  static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& io, int listeningFd,
                                                   HttpServerOptions options, HttpHandler handler);
  virtual ~HttpServer() = default;
  /// Connections that begin from now on see this certificate; those that are open go on as they
  /// are. An unusable one is refused, and the present one stays.
  virtual Status setCertificate(const std::string& certificatePem, const std::string& keyPem) = 0;
  /// Every answer that begins from now on is the last one of its connection, and tells the peer so.
  virtual void endConnections() = 0;
  /// Stops accepting and closes every connection.
  virtual void stop() = 0;
};

/// A bound and listening TCP socket; port 0 lets the kernel choose.
Result<int> listenTcp(const std::string& address, std::uint16_t port);
/// A unix socket for its owner alone, of any length of path; the directory is made. A file that a
/// server which is no more has left there is replaced; kConflict while one listens there, or if the
/// file is no socket.
Result<int> listenUnix(const std::string& path);
/// The port that a socket is bound to.
Result<std::uint16_t> boundPort(int fd);

}  // namespace hitless::sys
