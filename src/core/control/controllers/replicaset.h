#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/kube/workload.h"

namespace hitless::control {

/// What the ReplicaSet controller looks at. The state is current when it is collected: store,
/// caches and controllers share one thread, and an action's effect is in the cache before the next
/// reconcile. Kubernetes' "expectations", which bridge the time until an informer has seen the
/// controller's own writes, have nothing to bridge here.
struct ReplicaSetState {
  Ref<kube::ReplicaSet> replicaSet;
  /// The pods that it controls, and those without a controller in its namespace that it selects.
  std::vector<Ref<kube::Pod>> pods;
  /// Pods of all ReplicaSets with the same owner (its own included): the siblings by which
  /// co-location is judged when pods are deleted. Only read when scaling down.
  std::vector<Ref<kube::Pod>> siblings;
  /// Why creating or deleting pods failed in the last attempt.
  std::optional<std::string> failure;
};

/// At most so many pods are created or deleted in one step.
inline constexpr std::int64_t kReplicaSetBurst = 500;

/// Status first, then pods. Pods are created one after the other and the first failure ends the
/// step: that is the promise of Kubernetes' slow start (1, 2, 4, ... in parallel, so that a quota
/// or admission that refuses all is not asked 500 times), with one request instead of a batch lost.
Actions reconcile(const ReplicaSetState& state, WallTime now);

}  // namespace hitless::control
