#include "core/control/controllers/rollout_limits.h"

#include <algorithm>

#include "base/text.h"

namespace hitless::control {

std::int64_t resolve(const kube::IntOrString& value, std::int64_t total, bool roundUp) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return std::max<std::int64_t>(*number, 0);
  }
  std::string_view text = std::get<std::string>(value);
  if (!text.ends_with('%')) {
    return 0;
  }
  text.remove_suffix(1);
  const std::int64_t percent = std::clamp<std::int64_t>(parseInt(text).value_or(0), 0, 1'000'000);
  return (percent * total + (roundUp ? 99 : 0)) / 100;
}

RolloutLimits limitsOf(const kube::Deployment& deployment) {
  if (!deployment.rolling()) {
    return {};
  }
  RolloutLimits limits{resolve(deployment.maxSurge, deployment.replicas, true),
                       resolve(deployment.maxUnavailable, deployment.replicas, false)};
  if (limits.surge == 0 && limits.unavailable == 0) {
    limits.unavailable = 1;
  }
  limits.unavailable = std::min(limits.unavailable, deployment.replicas);
  return limits;
}

}  // namespace hitless::control
