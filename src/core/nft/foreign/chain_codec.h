#pragma once

#include <optional>
#include <string>

#include "core/doctor/nft_chains.h"
#include "core/netlink/message.h"
#include "core/nft/foreign/raw_rule.h"

namespace hitless::nft {

struct ForeignChain {
  doctor::NftChain chain;
  std::uint8_t family = 0;  ///< NFPROTO_*
  std::uint32_t hookNumber = 0;
  RuleCounters counters;  ///< Of base chains with counters.
};

/// "ip", "inet" ... of NFPROTO_*; the number of what is none.
std::string familyName(std::uint8_t family);
/// Of NFT_MSG_NEWCHAIN; nullopt of other messages.
std::optional<ForeignChain> foreignChainOf(const netlink::Message& message);

}  // namespace hitless::nft
