#pragma once

#include <optional>

#include "base/ip.h"
#include "core/netlink/message.h"

/// Addresses of interfaces (rtnetlink(7), RTM_NEWADDR).
namespace hitless::netlink {

/// AF_INET and AF_INET6, which the kernel's own headers for netlink do not define.
inline constexpr std::uint8_t kIpv4 = 2;
inline constexpr std::uint8_t kIpv6 = 10;

/// The address in an attribute of a message of this family; nothing if it is neither's.
std::optional<IpAddress> addressFrom(std::uint8_t family, ByteView bytes);

/// Asks for all addresses of all interfaces.
Bytes dumpAddresses(std::uint32_t sequence);

/// The interface's own address in an RTM_NEWADDR; nothing if the message is something else, or if
/// the address cannot be used (duplicate address detection goes on or has failed).
std::optional<IpAddress> interfaceAddress(const Message& message);

/// An address that others can reach this machine by: neither loopback nor link-local.
bool reachable(const IpAddress& address);

}  // namespace hitless::netlink
