#pragma once

#include <vector>

#include "core/control/action.h"
#include "core/control/controllers/ownership.h"
#include "core/kube/job.h"

namespace hitless::control {

/// What the Job controller looks at.
struct JobState {
  Ref<kube::Job> job;
  /// The pods that it controls, and those without a controller in its namespace that it selects.
  std::vector<Ref<kube::Pod>> pods;
};

/// A pod that has ended is counted exactly once, whenever it is deleted and whatever fails: its UID
/// goes into the status, then its finalizer goes, then it moves from the UIDs to the counts.
Actions reconcile(const JobState& state, WallTime now);

}  // namespace hitless::control
