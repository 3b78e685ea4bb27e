#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

/// What the kernel's connection tracking knows of one connection, without knowing netlink.
namespace hitless::conntrack {

/// IANA protocol numbers of what is load-balanced.
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kSctp = 132;

/// One direction of a connection.
struct Tuple {
  std::uint8_t protocol = 0;
  IpAddress source;
  std::uint16_t sourcePort = 0;
  IpAddress destination;
  std::uint16_t destinationPort = 0;

  auto operator<=>(const Tuple&) const = default;
};

/// enum tcp_conntrack of the kernel.
enum class TcpState : std::uint8_t {
  kNone,
  kSynSent,
  kSynRecv,
  kEstablished,
  kFinWait,
  kCloseWait,
  kLastAck,
  kTimeWait,
  kClose,
  kSynSent2,
};
std::string_view name(TcpState state);

/// A tracked connection. After DNAT the reply comes from the chosen endpoint: reply.source and
/// reply.sourcePort are where the connection really went.
struct Flow {
  Tuple original;
  Tuple reply;
  std::optional<TcpState> tcpState;
  std::uint32_t status = 0;  ///< IPS_* bits of linux/netfilter/nf_conntrack_common.h
  std::uint32_t id = 0;      ///< Tells a flow from a later one with the same tuple; 0 = not known.
  /// What packet rules have noted on it, as the kernel has it: 128 bits in words of unsigned long.
  std::array<std::uint8_t, 16> labels = {};

  bool seenReply() const;
  bool assured() const;
  bool labelled(unsigned number) const;
  void setLabel(unsigned number, bool on = true);
  bool translated() const;  ///< The destination was rewritten (IPS_DST_NAT).
  /// "tcp SYN_SENT 10.1.0.2:4000 -> 10.96.0.10:80 (reply from 10.1.0.9:8080)"
  std::string text() const;
  bool operator==(const Flow&) const = default;
};

}  // namespace hitless::conntrack
