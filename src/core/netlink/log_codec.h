#pragma once

#include <cstdint>

#include "core/netlink/message.h"

/// nfnetlink_log (linux/netfilter/nfnetlink_log.h): copies of packets, from rules with `log group`.
namespace hitless::netlink {

/// Asks for the packets of a group, up to `bytes` of each, one message for each.
Bytes encodeLogBind(std::uint16_t group, std::uint32_t sequence);
Bytes encodeLogCopy(std::uint16_t group, std::uint32_t bytes, std::uint32_t sequence);
/// The packet in a message, from its network header on; empty if the message has none.
ByteView loggedPacket(const Message& message);
/// The message that loggedPacket() reads; for tests.
Bytes encodeLogged(std::uint16_t group, ByteView packet);

}  // namespace hitless::netlink
