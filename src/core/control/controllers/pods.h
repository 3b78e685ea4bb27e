#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/kube/objects.h"

namespace hitless::control {

/// Counts towards the wanted replicas: neither finished nor terminating.
bool isActive(const kube::Pod& pod);

/// When the pod has been Ready for `minReadySeconds`; nullopt while it is not Ready. Without a
/// minimum that is the beginning of time, so that a missing transition time does no harm.
std::optional<WallTime> availableAt(const kube::Pod& pod, std::int64_t minReadySeconds);
bool isAvailable(const kube::Pod& pod, std::int64_t minReadySeconds, WallTime now);

/// The order in which a ReplicaSet gives pods up, first victim first: unassigned, pending, not
/// ready, cheapest controller.kubernetes.io/pod-deletion-cost, on the node with most siblings,
/// newest ready, most restarts, newest. `siblings` are the active pods of all ReplicaSets with the
/// same owner; they decide what counts as co-located.
std::vector<Ref<kube::Pod>> inDeletionOrder(std::vector<Ref<kube::Pod>> pods,
                                            const std::vector<Ref<kube::Pod>>& siblings);

}  // namespace hitless::control
