#pragma once

#include <vector>

#include "core/dns/packet.h"

namespace hitless::dns {

/// A question on its way: what is asked of upstreams, whoever is waiting for it.
struct UpstreamQuestion {
  std::vector<std::uint8_t> section;  ///< The bytes of the question section.
  bool recursionDesired = false;
  bool checkingDisabled = false;
  bool dnssecOk = false;
};

/// The message that asks it. AD is set, since askers who understand it wait for the same reply as
/// those who do not (RFC 6840 5.7). The OPT record is our own: payload kMaxUdpSize, the askers' DO.
/// A `plain` message has neither, for upstreams that know no EDNS.
std::vector<std::uint8_t> upstreamQuery(const UpstreamQuestion& question, std::uint16_t id,
                                        bool plain);

/// A health check: `. NS`.
std::vector<std::uint8_t> probeQuery(std::uint16_t id);

}  // namespace hitless::dns
