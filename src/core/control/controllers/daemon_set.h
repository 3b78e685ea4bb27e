#pragma once

#include <string>
#include <vector>

#include "core/control/action.h"
#include "core/control/controllers/daemon_set_plan.h"
#include "core/control/controllers/template_revisions.h"

namespace hitless::control {

/// A pod with the node that it is bound to or made for.
struct DaemonPod {
  Ref<kube::Pod> pod;
  std::string node;
};

/// What the DaemonSet controller looks at.
struct DaemonSetState {
  Ref<kube::DaemonSet> set;
  /// The pods that it controls, and those without a controller in its namespace.
  std::vector<DaemonPod> pods;
  Revisions revisions;  ///< The same, of ControllerRevisions.
  /// Names of ControllerRevisions "NAME-..." that others control.
  std::vector<std::string> takenNames;
  /// Every node, by name, still without pods.
  std::vector<DaemonNode> nodes;
};

/// Revisions first, then the status, then pods.
Actions reconcile(DaemonSetState state, WallTime now);

}  // namespace hitless::control
