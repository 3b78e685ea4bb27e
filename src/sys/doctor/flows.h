#pragma once

#include <string>

#include "base/error.h"
#include "core/doctor/flows.h"

namespace hitless::sys {

/// The connection table of the thread's network namespace, up to `limit` entries in the order of
/// the kernel, which is none that means anything. kNotFound if nothing tracks connections here;
/// asking would load the kernel's module for it.
Result<doctor::Flows> readFlows(std::size_t limit = 50'000);

/// Evidence doctor::names::kFlows.
Result<std::string> flowsEvidence();

}  // namespace hitless::sys
