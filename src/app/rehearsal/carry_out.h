#pragma once

#include "app/rehearsal/profile_run.h"

namespace hitless::app {

/// Carries the plan out with every profile that it names, side by side, each in a process and a
/// cluster of its own. What goes on is told on standard error.
Result<report::Rehearsal> carryOut(const RehearsalPlan& plan);

}  // namespace hitless::app
