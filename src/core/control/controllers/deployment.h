#pragma once

#include <string>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/control/controllers/rollout_plan.h"
#include "core/kube/workload.h"

namespace hitless::control {

/// What the Deployment controller looks at.
struct DeploymentState {
  Ref<kube::Deployment> deployment;
  /// The ReplicaSets that it controls, and those without a controller in its namespace.
  Sets replicaSets;
  /// Names of other ReplicaSets that begin with the Deployment's: a new one must not collide.
  std::vector<std::string> takenNames;
  /// Pods of the controlled ReplicaSets; only Recreate needs them, to see that the old are gone.
  std::vector<Ref<kube::Pod>> pods;
};

/// One step of a Deployment towards what its spec says: claims ReplicaSets, keeps revisions,
/// creates the new ReplicaSet, scales, cleans up, reports status. Each step is followed by another
/// look at the changed state, so that no step needs to foresee the effect of the one before.
Actions reconcile(const DeploymentState& state, WallTime now);

}  // namespace hitless::control
