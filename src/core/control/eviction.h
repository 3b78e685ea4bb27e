#pragma once

#include <optional>
#include <vector>

#include "core/control/api_error.h"
#include "core/kube/pod_disruption_budget.h"

/// Whether a pod may be evicted (the pods/eviction subresource).
namespace hitless::control {

inline constexpr std::string_view kDisruptionAllowed = "DisruptionAllowed";
inline constexpr std::string_view kSyncFailed = "SyncFailed";

/// What an eviction that is allowed costs.
struct Eviction {
  /// The status of the budget that pays for it; nullopt if none has to.
  std::optional<kube::PodDisruptionBudgetStatus> paid;
};

/// `budgets`: those that cover the pod. A pod that serves nobody (finished, pending, terminating)
/// is never refused.
ApiResult<Eviction> evict(const kube::Pod& pod,
                          const std::vector<kube::PodDisruptionBudget>& budgets, WallTime now);

/// The condition DisruptionAllowed as disruptionsAllowed says.
void setDisruptionAllowed(kube::PodDisruptionBudgetStatus& status, WallTime now);
/// Replaces the condition; the transition time stays if its status does.
void setDisruptionCondition(kube::PodDisruptionBudgetStatus& status, kube::Condition condition);

}  // namespace hitless::control
