#pragma once

#include <cstddef>

#include "core/nft/ruleset.h"
#include "core/nft/transaction.h"

namespace hitless::nft {

/// Applies one transaction to a value; 0 or the errno of the first refused operation, whose index
/// is put into `failed` (the number of operations when the whole was refused at commit).
int applyTo(Ruleset& ruleset, const Transaction& transaction, std::size_t& failed);

}  // namespace hitless::nft
