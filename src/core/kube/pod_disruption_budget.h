#pragma once

#include <map>

#include "core/kube/resource.h"
#include "core/kube/workload.h"

/// policy/v1 PodDisruptionBudget as its controller and evictions read it.
namespace hitless::kube {

namespace res {
extern const Resource& kPodDisruptionBudgets;  ///< A row of resources().
}  // namespace res

struct PodDisruptionBudgetStatus {
  std::int64_t observedGeneration = 0;
  std::int64_t disruptionsAllowed = 0;
  std::int64_t currentHealthy = 0;
  std::int64_t desiredHealthy = 0;
  std::int64_t expectedPods = 0;
  /// Evicted pods whose deletion the controller has not seen yet, and when that was.
  std::map<std::string, WallTime, std::less<>> disruptedPods;
  std::vector<Condition> conditions;
  bool operator==(const PodDisruptionBudgetStatus&) const = default;
};

struct PodDisruptionBudget {
  ObjectMeta meta;
  std::optional<LabelSelector> selector;  ///< Not given: no pods. Empty: all of the namespace.
  std::optional<IntOrString> minAvailable;
  std::optional<IntOrString> maxUnavailable;
  bool alwaysAllowUnhealthy = false;  ///< unhealthyPodEvictionPolicy
  PodDisruptionBudgetStatus status;

  bool covers(const Labels& labels) const;
  bool operator==(const PodDisruptionBudget&) const = default;
};

PodDisruptionBudget podDisruptionBudgetOf(const json::object& object);
/// The whole `status` as a merge patch of one in which `before` is.
json::object statusPatch(const PodDisruptionBudget& before,
                         const PodDisruptionBudgetStatus& status);

}  // namespace hitless::kube
