#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "core/proxy/route_table.h"
#include "sys/load/socket.h"

/// The socket operations of the proxy. All sockets are non-blocking.
namespace hitless::sys {

struct ListenOptions {
  /// Many sockets of one address, over which the kernel spreads connections; also how a successor
  /// of this process comes to listen beside it.
  bool reusePort = true;
  int backlog = 4096;
};
/// Without an address: on all of IPv4 and IPv6. Port 0: any.
Result<Fd> listenOn(const std::optional<IpAddress>& address, std::uint16_t port,
                    const ListenOptions& options);

/// The next connection of a listening socket; -1 with errno if there is none.
Fd acceptFrom(int listening, proxy::Address& peer);

/// Begins to connect. -1 with errno if that fails at once. `priority`: SO_PRIORITY.
Fd connectTo(const proxy::Address& address, std::uint32_t priority);
/// SO_ERROR: why a connection attempt failed, or how a connection ended. 0: it did not.
int pendingError(int fd);

proxy::Address localAddress(int fd);
/// Where the client wanted to go, when a redirect brought it here (SO_ORIGINAL_DST); nullopt
/// without one.
std::optional<proxy::Address> originalDestination(int fd);

/// Bytes that the peer of a connection of connectTo() has acknowledged (TCP_INFO); nullopt if the
/// kernel does not say.
std::optional<std::uint64_t> acknowledgedBytes(int fd);

/// From now on the connection ends with a reset, so that nobody takes what came for all of it.
void resetOnClose(int fd);

}  // namespace hitless::sys
