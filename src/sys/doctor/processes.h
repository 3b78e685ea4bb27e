#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "core/doctor/processes.h"

namespace hitless::sys {

/// Every process that /proc shows,: what goes away meanwhile is left
/// out, what may not be read is empty.
Result<std::vector<doctor::Process>> readProcesses();

/// doctor::names::kProcesses.
Result<std::string> processes();

}  // namespace hitless::sys
