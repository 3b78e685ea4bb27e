#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/ip.h"
#include "sys/container/fd.h"

/// The sockets of a name server. Each is bound to one address, never to all: another resolver of
/// the machine may have the same port at 127.0.0.53, and an answer must come from the address that
/// was asked. The address need not be any interface's (a cluster IP, a link-local address): packets
/// reach the socket through the door (docs/decisions/0007), and answers leave with the address as
/// their source if the process has CAP_NET_ADMIN or CAP_NET_RAW (IP_TRANSPARENT). Without it the
/// socket is made all the same, but can only answer at the machine's own addresses.
///
/// Non-blocking, close-on-exec, for one address family only, and with SO_REUSEPORT: further sockets
/// of the same user at the same address share the load, and a successor can begin before its
/// predecessor ends. kConflict: somebody else has the port. Port 0 is any free one.
namespace hitless::sys {

Result<Fd> bindUdp(const IpAddress& address, std::uint16_t port);
/// Listens.
Result<Fd> bindTcp(const IpAddress& address, std::uint16_t port);

}  // namespace hitless::sys
