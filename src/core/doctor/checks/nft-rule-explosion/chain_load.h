#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/doctor/evidence.h"
#include "core/doctor/nft_chains.h"
#include "core/doctor/nft_changes.h"

namespace hitless::doctor {

/// What the rules that were read of a chain look like.
struct ChainSample {
  std::size_t read = 0;
  std::size_t distinct = 0;
  std::size_t superfluous = 0;  ///< May go.
  bool mayRepair = false;       ///< Some of those have a known owner.
  std::string commonest;        ///< The text that comes most often, and how often.
  std::size_t commonestTimes = 0;
};

/// A chain that holds more rules than a chain should.
struct ChainLoad {
  NftChain chain;
  std::uint64_t rules = 0;
  std::optional<ChainSample> sample;
  std::int64_t change = 0;  ///< Of its use count, between the samples.
  double perMinute = 0;
  std::optional<NftChainChange> writer;  ///< Who changed it meanwhile.
};

/// Chains with at least `least` rules. NFTA_CHAIN_USE counts what leads to a chain too: of chains
/// that were read whole the rules count, of base chains, to which nothing leads, the use. Others
/// are left out, unless they were read in part.
std::vector<ChainLoad> chainLoads(const Evidence& evidence, std::uint64_t least);

}  // namespace hitless::doctor
