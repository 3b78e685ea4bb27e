#pragma once

#include <array>
#include <cstdint>

#include "core/departed/packet_sender.h"
#include "sys/container/fd.h"

namespace hitless::sys {

/// Raw sockets of both address families, in the network namespace that the thread was in at open().
class RawPackets : public departed::PacketSender {
 public:
  /// `untrackedMark` is what rules know the packets of sendUntracked() by. Needs CAP_NET_RAW over
  /// the network namespace.
  static Result<RawPackets> open(std::uint32_t untrackedMark);

  Status send(std::span<const std::uint8_t> packet, const IpAddress& route) override;
  Status sendUntracked(std::span<const std::uint8_t> packet, const IpAddress& route) override;

 private:
  using PerFamily = std::array<Fd, 2>;
  RawPackets() = default;
  static Status sendBy(const PerFamily& sockets, std::span<const std::uint8_t> packet,
                       const IpAddress& route);

  PerFamily plain_;
  PerFamily marked_;
};

}  // namespace hitless::sys
