#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "core/load/backend_lookup.h"

/// The few socket operations of the load generator, with what the kernel says about failures.
namespace hitless::sys {

/// A file descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  void reset();

 private:
  int fd_;
};

/// A TCP connection attempt under way, or why there is none.
struct ConnectAttempt {
  Fd fd;
  int error = 0;          ///< errno; 0 while the attempt is under way.
  load::Endpoint source;  ///< Chosen by the kernel.
};

ConnectAttempt startConnect(const load::Endpoint& destination);

/// A UDP socket that talks to `destination` alone, so that it hears when nobody is there. An fd of
/// -1 with errno set if there can be none.
Fd openDatagram(const load::Endpoint& destination);

/// What became of a connection that reported an error.
struct SocketError {
  int error = 0;      ///< errno; 0 if there is none.
  bool icmp = false;  ///< It came as an ICMP message. A TCP reset gives the same errno.
};

SocketError takeError(int fd);

/// Bytes sent that the peer's kernel has not acknowledged; nullopt if the kernel does not say.
std::optional<std::size_t> unacknowledged(int fd);

}  // namespace hitless::sys
