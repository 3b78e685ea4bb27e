#pragma once

#include <vector>

#include "core/doctor/check.h"
#include "core/doctor/growth.h"

namespace hitless::doctor {

/// What `--watch` looks at: numbers that the kernel has ready, so that looking costs nothing.
std::span<const Want> gaugeWants();
/// Chains with their rules, legacy tables with their entries, the connection table.
std::vector<Gauge> gauges(const Evidence& evidence);

}  // namespace hitless::doctor
