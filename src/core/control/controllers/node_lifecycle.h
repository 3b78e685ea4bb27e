#pragma once

#include <optional>
#include <vector>

#include "core/control/controllers/ownership.h"

namespace hitless::control {

struct PodOnNode {
  Ref<kube::Pod> pod;
  kube::ObjectPtr object;
};

struct NodeState {
  Ref<kube::Node> node;
  kube::ObjectPtr object;
  std::optional<WallTime> leaseRenewed;  ///< spec.renewTime of kube-node-lease/<name>
  nanoseconds gracePeriod{};             ///< Silence after which the node counts as lost.
  std::vector<PodOnNode> pods;           ///< Only read when the node is lost.
};

/// Declares a node whose kubelet has gone silent unknown, and its pods not ready, so that traffic
/// leaves them. The kubelet itself takes both back when it returns.
Actions reconcile(const NodeState& state, WallTime now);

struct PodGarbageState {
  Ref<kube::Pod> pod;
  std::optional<WallTime> nodeAbsentSince;  ///< Set if it is bound to a node that does not exist.
  nanoseconds quarantine{};  ///< How long a node may be absent before its pods are given up.
};

/// Removes pods that no kubelet will ever finish: terminating ones without a node or on a node that
/// does not exist at once, others on such a node after the quarantine.
Actions reconcile(const PodGarbageState& state, WallTime now);

}  // namespace hitless::control
