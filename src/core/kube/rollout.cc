#include "core/kube/rollout.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/kube/objects.h"

namespace hitless::kube {

RolloutStatus rolloutStatus(const json::object& deployment) {
  const std::int64_t wanted = integer(deployment, {"spec", "replicas"}, 1);
  const std::int64_t updated = integer(deployment, {"status", "updatedReplicas"});
  const std::int64_t total = integer(deployment, {"status", "replicas"});
  const std::int64_t available = integer(deployment, {"status", "availableReplicas"});
  if (integer(deployment, {"metadata", "generation"}) >
      integer(deployment, {"status", "observedGeneration"})) {
    return {false, false, "the change has not been observed yet"};
  }
  const auto conditions = conditionsOf(findArray(deployment, {"status", "conditions"}));
  const bool exceeded =
      std::any_of(conditions.begin(), conditions.end(), [](const Condition& condition) {
        return condition.type == "Progressing" && condition.reason == "ProgressDeadlineExceeded";
      });
  if (exceeded) {
    return {false, true, "exceeded its progress deadline"};
  }
  if (updated < wanted) {
    return {false, false, fmt::format("{} of {} new replicas have been updated", updated, wanted)};
  }
  if (total > updated) {
    return {false, false, fmt::format("{} old replicas are pending termination", total - updated)};
  }
  if (available < updated) {
    return {false, false,
            fmt::format("{} of {} updated replicas are available", available, updated)};
  }
  return {true, false, "successfully rolled out"};
}

}  // namespace hitless::kube
