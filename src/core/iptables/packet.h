#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"

/// The packet that walk.h follows, with what nobody knows left open.
namespace hitless::iptables {

/// What is known of a match.
enum class Answer { kNo, kYes, kMaybe };
Answer operator!(Answer answer);
inline Answer answer(bool yes) {
  return yes ? Answer::kYes : Answer::kNo;
}

/// A mark of which some bits may be unknown.
struct Bits {
  std::uint32_t value = 0;
  std::uint32_t unknown = 0;  ///< Bits of value that may be otherwise.
  /// As xt_mark asks: (mark & mask) == wanted.
  Answer equals(std::uint32_t wanted, std::uint32_t mask) const;
  /// As xt_MARK sets: (mark & ~mask) ^ set.
  Bits changed(std::uint32_t set, std::uint32_t mask) const;
  /// This or that.
  Bits orElse(const Bits& other) const;
  bool operator==(const Bits&) const = default;
};

enum class ConnectionState { kNew, kEstablished, kUntracked };

struct Packet {
  std::uint8_t protocol = 6;  ///< IPPROTO_*
  IpAddress source;
  IpAddress destination;
  std::optional<std::uint16_t> sourcePort = {};
  std::optional<std::uint16_t> destinationPort = {};
  std::optional<std::string> in = {};   ///< nullopt: not known; "": none.
  std::optional<std::string> out = {};  ///< nullopt: not known; "": none.
  std::uint8_t icmpType = 8;
  std::uint8_t tcpFlags = 0x02;  ///< TH_*
  bool localOrigin = false;      ///< A process of the node sends it.
  ConnectionState state = ConnectionState::kNew;
  Bits mark = {};
  Bits connectionMark = {};
  bool destinationTranslated = false;  ///< --ctstate DNAT
  bool sourceTranslated = false;       ///< --ctstate SNAT
  IpAddress originalSource;            ///< Of the connection; set by walk().
  IpAddress originalDestination;
  std::optional<std::uint16_t> originalDestinationPort = {};
  /// The node's addresses, loopback's aside; nullopt: not known.
  std::optional<std::vector<IpAddress>> own = {};
  /// The interface that leads to an address, asked where `out` is not known; empty: nobody knows.
  std::function<std::optional<std::string>(const IpAddress&)> route = {};
  bool destinationIsNode = false;  ///< It was redirected to the node itself.

  /// Whether the address is one of the node's.
  Answer isOwn(const IpAddress& address) const;
};

}  // namespace hitless::iptables
