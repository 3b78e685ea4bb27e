#pragma once

#include <cstdint>

#include "core/kube/workload.h"

namespace hitless::control {

/// maxSurge and maxUnavailable of a Deployment as numbers of pods.
struct RolloutLimits {
  std::int64_t surge = 0;
  std::int64_t unavailable = 0;
  bool operator==(const RolloutLimits&) const = default;
};

/// A number, or a percentage of `total` rounded up or down. Negative and malformed values give 0.
std::int64_t resolve(const kube::IntOrString& value, std::int64_t total, bool roundUp);

/// Surge rounds up, unavailable rounds down, and both zero become one unavailable: a rollout must
/// be able to move. Recreate has no surge and no bound worth keeping; its limits are 0 and 0.
RolloutLimits limitsOf(const kube::Deployment& deployment);

}  // namespace hitless::control
