#pragma once

#include <string>
#include <vector>

#include "core/control/controllers/template_revisions.h"
#include "core/kube/stateful_set.h"

namespace hitless::control {

/// What the StatefulSet controller looks at. As for ReplicaSets the state is current when it is
/// collected, so that there are no expectations to keep.
struct StatefulSetState {
  Ref<kube::StatefulSet> set;
  /// The pods that it controls, and those without a controller in its namespace that it selects.
  std::vector<Ref<kube::Pod>> pods;
  Revisions revisions;  ///< The same, of ControllerRevisions.
  /// Names of ControllerRevisions "NAME-..." that others control.
  std::vector<std::string> takenNames;
};

/// Revisions first, then the status, then pods.
Actions reconcile(const StatefulSetState& state, WallTime now);

}  // namespace hitless::control
