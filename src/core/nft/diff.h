#pragma once

#include "core/nft/transaction.h"

namespace hitless::nft {

/// What turns `applied` into `wanted`: elements one by one (those of
/// dynamic sets not at all), rules by chain. Where a set changes its
/// type or a base chain its hook, the table is replaced as a whole.
/// Elements come before they go, except those of interval sets, where
/// the new would overlap the old.
Transaction diff(const Ruleset& applied, const Ruleset& wanted);

}  // namespace hitless::nft
