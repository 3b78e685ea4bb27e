#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// evidence_names.h kNftChains: what one netlink dump of the chains tells, whatever is in them.
namespace hitless::doctor {

struct NftChain {
  std::string family;  ///< "ip", "ip6", "inet", "arp", "bridge", "netdev"
  std::string table;
  std::string name;
  std::uint64_t handle = 0;
  /// NFTA_CHAIN_USE: its rules, and the rules and elements that lead to it.
  std::uint32_t use = 0;
  std::optional<std::string> hook;  ///< "input", of base chains.
  std::optional<std::string> type;  ///< "filter", "nat", "route", of base chains.
  std::int32_t priority = 0;
  std::optional<std::string> policy;  ///< "accept" or "drop", of base chains.
  bool operator==(const NftChain&) const = default;
};

std::string renderNftChains(const std::vector<NftChain>& chains);
Result<std::vector<NftChain>> parseNftChains(std::string_view json);

}  // namespace hitless::doctor
