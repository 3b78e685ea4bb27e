#pragma once

#include <string>

#include "core/nft/transaction.h"

namespace hitless::nft {

/// A ruleset as `nft list table` prints it, for people and golden files. Elements come one per
/// line, sorted by key.
std::string render(const Ruleset& ruleset);
std::string render(const Rule& rule, const Ruleset& context);
/// A transaction as nft commands: what a dry run shows.
std::string render(const Transaction& transaction, const Ruleset& context);

}  // namespace hitless::nft
