#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/control/action.h"
#include "core/control/controllers/ownership.h"
#include "core/kube/pod_disruption_budget.h"

namespace hitless::control {

/// What the disruption controller looks at.
struct BudgetState {
  Ref<kube::PodDisruptionBudget> budget;
  std::vector<Ref<kube::Pod>> pods;  ///< Those that it covers.
  /// How many pods their controllers want, all together.
  std::int64_t wantedPods = 0;
  std::size_t unmanagedPods = 0;       ///< Pods without a controller.
  std::optional<std::string> noScale;  ///< Why wantedPods cannot be told.
};

/// How long an eviction counts against the budget although its pod lives on.
inline constexpr seconds kDisruptionTimeout{120};

/// Keeps the status, from which evictions are decided.
Actions reconcile(const BudgetState& state, WallTime now);

}  // namespace hitless::control
