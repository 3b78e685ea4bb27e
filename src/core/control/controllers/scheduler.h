#pragma once

#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/control/controllers/scheduling_spec.h"

namespace hitless::control {

/// A node as the scheduler sees it.
struct NodeLoad {
  Ref<kube::Node> node;
  std::vector<Taint> taints;
  std::int64_t maxPods = 110;
  std::int64_t pods = 0;      ///< Unfinished pods on it.
  std::int64_t siblings = 0;  ///< Of these, active ones with the same controller as the pod.
};

struct SchedulerState {
  Ref<kube::Pod> pod;
  kube::ObjectPtr object;  ///< The pod as JSON.
  PodPlacement placement;
  std::vector<NodeLoad> nodes;
};

/// Binds a pod to the node that fits and has fewest siblings, then fewest pods, then the first
/// name; or says why none fits. CPU and memory requests, pod affinity and spread constraints are
/// not considered.
Actions reconcile(const SchedulerState& state, WallTime now);

}  // namespace hitless::control
