#pragma once

#include <string>

#include "core/load/result.h"

namespace hitless::load {

/// "0.42 ms", "17 ms", "1.20 s": three digits that matter.
std::string durationText(nanoseconds duration);
/// "20,000"
std::string countText(std::uint64_t count);
/// A load's result for people, some twenty lines.
std::string renderTable(const LoadResult& result);

}  // namespace hitless::load
