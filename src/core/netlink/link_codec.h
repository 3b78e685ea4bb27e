#pragma once

#include <cstdint>
#include <string_view>

#include "base/ip.h"
#include "core/netlink/message.h"

/// rtnetlink requests (linux/rtnetlink.h, rtnetlink(7)) as bytes, one message each, with NLM_F_ACK.
namespace hitless::netlink {

/// A bridge with STP off and forward delay 0.
Bytes newBridge(std::string_view name, std::uint32_t sequence);
/// A veth pair; the peer is born in the namespace of the file descriptor `peerNetns` unless it is
/// -1.
Bytes newVeth(std::string_view name, std::string_view peer, int peerNetns, std::uint32_t sequence);
Bytes setLinkUp(std::string_view name, std::uint32_t sequence);
Bytes setLinkDown(std::string_view name, std::uint32_t sequence);
Bytes setLinkMaster(std::string_view name, std::uint32_t masterIndex, std::uint32_t sequence);
/// Hairpin mode of the bridge port with this index.
Bytes setPortHairpin(std::uint32_t portIndex, bool on, std::uint32_t sequence);
Bytes deleteLink(std::string_view name, std::uint32_t sequence);
Bytes getLink(std::string_view name, std::uint32_t sequence);

/// Address with prefix length on the interface; an IPv4 broadcast address is derived.
Bytes newAddress(std::uint32_t index, const Cidr& address, std::uint32_t sequence);

/// A unicast route in the main table; exactly one of gateway and device is given.
struct Route {
  Cidr destination;
  const IpAddress* gateway = nullptr;
  std::uint32_t device = 0;  ///< Interface index; 0 = none.
};
Bytes newRoute(const Route& route, std::uint32_t sequence);
/// The destination's route in the main table, whatever its gateway.
Bytes deleteRoute(const Cidr& destination, std::uint32_t sequence);

/// The interface index in an RTM_NEWLINK; 0 if the message is something else.
std::uint32_t linkIndexOf(const Message& message);

}  // namespace hitless::netlink
