#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/nft/foreign/raw_rule.h"

namespace hitless::nft {

/// What becomes of a chain's beginning: each rule's content, and which rules may go because the
/// same stands before them, stays, and has decided already.
struct DedupePlan {
  std::vector<RawRule> distinct;      ///< The first of each content.
  std::vector<std::uint32_t> layout;  ///< Of each rule of the beginning, its content.
  std::vector<bool> goes;             ///< Of each rule.
  std::size_t goneCount = 0;
  std::vector<std::uint64_t> anchors;  ///< Handles of the copies that stay for those that go.
  /// Whatever others put between: what goes may go as long as its anchor stands before it.
  bool independent = true;
};

/// `isChain` says whether a target is a chain of the table. A rule goes only if its owner is known,
/// nothing between it and the copy that stays can have changed its answer, and its bytes suffice to
/// bring it back (core/iptables/rule.h repetition()).
DedupePlan planDedupe(std::span<const RawRule> rules,
                      const std::function<bool(std::string_view)>& isChain);

}  // namespace hitless::nft
