#pragma once

#include <cstddef>
#include <optional>

#include "core/load/backend_lookup.h"
#include "sys/container/fd.h"

/// The few socket operations of the load generator, with what the kernel says about failures.
namespace hitless::sys {

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
