#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "sys/load/socket.h"

namespace hitless::sys {

/// What became of one attempt to read or write.
struct IoResult {
  enum class State : std::uint8_t {
    kDone,   ///< `count` bytes.
    kAgain,  ///< Nothing now: wait for the socket.
    kEnd,    ///< The peer will send nothing more.
    kError,  ///< `error` says why, as errno; 0 if it was TLS.
  };
  State state = State::kAgain;
  std::size_t count = 0;
  int error = 0;
};

/// The bytes of a connection, with or without TLS around them.
class PeerSocket {
 public:
  explicit PeerSocket(Fd fd) : fd_(std::move(fd)) {}
  /// TLS as the server or the client; handshake() comes first. The context's reference is shared.
  static PeerSocket tlsServer(Fd fd, SSL_CTX& context);
  static PeerSocket tlsClient(Fd fd, SSL_CTX& context, const std::string& serverName, bool verify);

  /// Until it says kDone, or kError with errorText().
  IoResult handshake();
  bool handshaking() const { return handshaking_; }
  IoResult read(char* buffer, std::size_t size);
  IoResult write(std::string_view bytes);
  /// No more will be written (FIN, and close_notify before it).
  void endWrites();

  int fd() const { return fd_.get(); }
  bool tls() const { return ssl_ != nullptr; }
  /// TLS has bytes that epoll does not know of.
  bool buffered() const { return ssl_ != nullptr && SSL_pending(ssl_.get()) > 0; }
  /// TLS cannot go on before the socket can be written to.
  bool wantsWrite() const { return wantsWrite_; }
  /// What ALPN chose: "h2", "http/1.1", or "".
  std::string_view protocol() const;
  /// SNI, of a server's.
  std::string serverName() const;
  /// Why TLS failed.
  const std::string& errorText() const { return errorText_; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  PeerSocket(Fd fd, SSL* ssl) : fd_(std::move(fd)), ssl_(ssl), handshaking_(true) {}
  IoResult tlsResult(int returned);

  Fd fd_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool handshaking_ = false;
  bool wantsWrite_ = false;
  std::string errorText_;
};

}  // namespace hitless::sys
