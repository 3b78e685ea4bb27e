#pragma once

#include <optional>

#include "core/nft/datum.h"

/// The keys of interval sets as numbers in network byte order, `padding` bytes of zeros behind
/// them.
namespace hitless::nft {

/// The largest key of this size.
Datum largestKey(std::size_t size, std::size_t padding);
/// key + 1; nullopt if there is none.
std::optional<Datum> keyAfter(const Datum& key, std::size_t padding);
/// key - 1; nullopt if there is none.
std::optional<Datum> keyBefore(const Datum& key, std::size_t padding);

}  // namespace hitless::nft
