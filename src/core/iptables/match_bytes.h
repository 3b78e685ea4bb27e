#pragma once

#include <cstdint>
#include <optional>

#include "core/iptables/rule.h"
#include "core/netlink/message.h"

namespace hitless::iptables {

/// A match in the kernel's binary form, as iptables 1.8 writes it.
struct MatchBytes {
  std::uint8_t revision = 0;
  netlink::Bytes info;
};

/// The reverse of matchText() (xt_text.h) for what owners' jumps need: addrtype with one of its
/// types, and conntrack with --ctstate. nullopt: anything else.
std::optional<MatchBytes> matchBytesOf(const Match& match);

}  // namespace hitless::iptables
