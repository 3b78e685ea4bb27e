#include "core/kube/pod_disruption_budget.h"

#include "core/kube/selector.h"
#include "core/kube/workload_json.h"

namespace hitless::kube {
namespace {

std::optional<IntOrString> optionalIntOrString(const json::object& object, std::string_view key) {
  const json::value* value = find(object, {"spec", key});
  if (value == nullptr || value->is_null()) {
    return std::nullopt;
  }
  return intOrString(object, {"spec", key}, std::int64_t{0});
}

std::map<std::string, WallTime, std::less<>> timesOf(const json::object* map) {
  std::map<std::string, WallTime, std::less<>> out;
  for (const auto& [key, value] : labelsOf(map)) {
    if (const auto time = parseTime(value)) {
      out.emplace(key, *time);
    }
  }
  return out;
}

/// metav1.Condition: unlike those of older kinds it has a generation, and always a message.
json::array conditionsFor(const PodDisruptionBudgetStatus& status) {
  json::array out;
  for (const Condition& condition : status.conditions) {
    json::object object = toJson(condition);
    object["observedGeneration"] = status.observedGeneration;
    object["message"] = condition.message;
    out.push_back(std::move(object));
  }
  return out;
}

}  // namespace

bool PodDisruptionBudget::covers(const Labels& labels) const {
  return selector && matches(*selector, labels);
}

PodDisruptionBudget podDisruptionBudgetOf(const json::object& object) {
  PodDisruptionBudget out;
  out.meta = metaOf(object);
  if (const json::object* selector = findObject(object, {"spec", "selector"})) {
    out.selector = labelSelectorOf(*selector);
  }
  out.minAvailable = optionalIntOrString(object, "minAvailable");
  out.maxUnavailable = optionalIntOrString(object, "maxUnavailable");
  out.alwaysAllowUnhealthy = text(object, {"spec", "unhealthyPodEvictionPolicy"}) == "AlwaysAllow";
  PodDisruptionBudgetStatus& status = out.status;
  status.observedGeneration = integer(object, {"status", "observedGeneration"});
  status.disruptionsAllowed = integer(object, {"status", "disruptionsAllowed"});
  status.currentHealthy = integer(object, {"status", "currentHealthy"});
  status.desiredHealthy = integer(object, {"status", "desiredHealthy"});
  status.expectedPods = integer(object, {"status", "expectedPods"});
  status.disruptedPods = timesOf(findObject(object, {"status", "disruptedPods"}));
  status.conditions = conditionsOf(findArray(object, {"status", "conditions"}));
  return out;
}

json::object statusPatch(const PodDisruptionBudget& before,
                         const PodDisruptionBudgetStatus& status) {
  json::object disrupted;
  for (const auto& [pod, time] : before.status.disruptedPods) {
    disrupted.emplace(pod, nullptr);
  }
  for (const auto& [pod, time] : status.disruptedPods) {
    disrupted[pod] = formatTime(time);
  }
  json::object out{{"observedGeneration", omitZero(status.observedGeneration)},
                   {"disruptionsAllowed", status.disruptionsAllowed},
                   {"currentHealthy", status.currentHealthy},
                   {"desiredHealthy", status.desiredHealthy},
                   {"expectedPods", status.expectedPods},
                   {"disruptedPods", nullptr},
                   {"conditions", conditionsFor(status)}};
  if (!status.disruptedPods.empty()) {
    out["disruptedPods"] = std::move(disrupted);
  }
  return out;
}

}  // namespace hitless::kube
