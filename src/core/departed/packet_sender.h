#pragma once

#include <cstdint>
#include <span>

#include "base/error.h"
#include "base/ip.h"

namespace hitless::departed {

/// Sends whole packets, network header and all, from this node. The kernel's is
/// sys/netlink/raw_packets.h.
class PacketSender {
 public:
  virtual ~PacketSender() = default;
  /// With the way that a packet to `route` takes; destination translation still applies.
  virtual Status send(std::span<const std::uint8_t> packet, const IpAddress& route) = 0;
  /// Past connection tracking and translation.
  virtual Status sendUntracked(std::span<const std::uint8_t> packet, const IpAddress& route) = 0;
};

}  // namespace hitless::departed
