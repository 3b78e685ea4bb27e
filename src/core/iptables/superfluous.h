#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/iptables/dump.h"

namespace hitless::iptables {

/// For each rule of the chain, whether it may go: the same text stands before it, stays, and has
/// decided already (rule.h repetition()). A repetition that asks for marks, sets and the like stays
/// where a rule that stays stands between both and may have changed them. What cannot be parsed
/// stays. Linear in the chain; each distinct text is parsed once. `isChain` says whether a target
/// is a chain of the table.
std::vector<bool> superfluous(const Chain& chain,
                              const std::function<bool(std::string_view)>& isChain);

}  // namespace hitless::iptables
