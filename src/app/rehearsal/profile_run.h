#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/cluster/manifests.h"
#include "core/report/rehearsal.h"
#include "core/scenario/profile.h"
#include "core/scenario/scenario.h"

namespace hitless::app {

/// What a rehearsal is about to do.
struct RehearsalPlan {
  scenario::Scenario scenario;
  std::vector<scenario::Action> actions;
  std::vector<Manifest> manifests;
  std::string folder;  ///< Where the scenario's own programs lie; absolute, or empty.
};

/// Tells a person what is going on: "4 pods are ready".
using Progress = std::function<void(const std::string&)>;

/// Carries the plan out in a cluster of its own, which ends with the calling process.
Result<report::ProfileRun> runProfile(const RehearsalPlan& plan, const scenario::Profile& profile,
                                      const Progress& progress);

}  // namespace hitless::app
