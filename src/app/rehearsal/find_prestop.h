#pragma once

#include <functional>

#include "app/rehearsal/profile_run.h"
#include "core/report/prestop_answer.h"

namespace hitless::app {

/// Carries the plan out with profile stock again and again, with other preStop sleeps in its
/// manifests, until the smallest that loses nothing is found. `seen` gets every run.
Result<report::PrestopAnswer> findPrestop(
    const RehearsalPlan& plan, const std::function<void(const report::Rehearsal&)>& seen);

}  // namespace hitless::app
