#pragma once

#include <cstdint>

#include "core/doctor/check.h"

namespace hitless::doctor {

/// From so many rules of a chain on this check speaks of it, and of its repetitions too.
inline constexpr std::uint64_t kManyNftRules = 5'000;

extern const Check kNftRuleExplosion;

}  // namespace hitless::doctor
