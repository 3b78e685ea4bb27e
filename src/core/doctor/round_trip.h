#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

/// evidence_names.h kRoundTrip: a datagram over the loopback interface to this same node and one
/// back, through this namespace's rules, and through an empty namespace's.
namespace hitless::doctor {

struct RoundTrip {
  nanoseconds here{};       ///< Median.
  nanoseconds empty{};      ///< Median.
  nanoseconds first{};      ///< The first one here: its flow was new to all rules.
  std::uint32_t trips = 0;  ///< How many were measured here.
  std::uint32_t lost = 0;   ///< Datagrams that did not come back.

  /// What the rules add to one packet, which goes out through one set of hooks and in through
  /// another; 0 if nothing.
  nanoseconds addedPerPacket() const;
  bool operator==(const RoundTrip&) const = default;
};

std::string renderRoundTrip(const RoundTrip& trip);
Result<RoundTrip> parseRoundTrip(std::string_view json);

}  // namespace hitless::doctor
