#include "core/kube/validation_rules.h"

namespace hitless::kube {

void validatePodDisruptionBudget(const json::object& budget, FieldErrors& errors) {
  const json::value* least = find(budget, {"spec", "minAvailable"});
  const json::value* most = find(budget, {"spec", "maxUnavailable"});
  if (least != nullptr && most != nullptr) {
    errors.invalidText("spec", goIntOrString(*least),
                       "minAvailable and maxUnavailable cannot be both set");
  }
  validateIntOrPercent(least, "spec.minAvailable", true, errors);
  validateIntOrPercent(most, "spec.maxUnavailable", true, errors);
  if (const json::object* selector = findObject(budget, {"spec", "selector"})) {
    validateSelector(*selector, "spec.selector", errors);
  }
  constexpr std::string_view kPolicies[] = {"AlwaysAllow", "IfHealthyBudget"};
  const std::string_view policy = text(budget, {"spec", "unhealthyPodEvictionPolicy"});
  if (!policy.empty() && policy != kPolicies[0] && policy != kPolicies[1]) {
    errors.notSupported("spec.unhealthyPodEvictionPolicy", policy, kPolicies);
  }
}

}  // namespace hitless::kube
