#pragma once

#include "core/nft/ruleset.h"
#include "core/rules/options.h"

namespace hitless::rules {

/// Table, chains, rules and empty sets: everything that does not depend on any service. Chains and
/// rules are constant in number; services and endpoints are elements only (see elements.h).
nft::Ruleset skeleton(const Options& options);

}  // namespace hitless::rules
