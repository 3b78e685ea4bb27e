#include "core/kube/workload.h"

#include "core/kube/workload_json.h"

namespace hitless::kube {

IntOrString intOrString(const json::object& object, std::initializer_list<std::string_view> path,
                        const IntOrString& fallback) {
  const json::value* value = find(object, path);
  if (value != nullptr && value->is_string()) {
    return std::string(value->get_string());
  }
  const auto number = optionalInteger(object, path);
  return number ? IntOrString(*number) : fallback;
}

json::object objectAt(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::object* found = findObject(object, path);
  return found == nullptr ? json::object{} : *found;
}

json::value omitZero(std::int64_t number) {
  return number == 0 ? json::value(nullptr) : json::value(number);
}

json::value omitEmpty(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(json::string(text));
}

json::value omitEmpty(const std::vector<Condition>& conditions) {
  return conditions.empty() ? json::value(nullptr) : json::value(toJson(conditions));
}

Deployment deploymentOf(const json::object& object) {
  Deployment out;
  out.meta = metaOf(object);
  out.replicas = integer(object, {"spec", "replicas"}, 1);
  out.selector = labelSelectorOf(objectAt(object, {"spec", "selector"}));
  out.podTemplate = objectAt(object, {"spec", "template"});
  out.strategy = text(object, {"spec", "strategy", "type"}, "RollingUpdate");
  out.maxSurge =
      intOrString(object, {"spec", "strategy", "rollingUpdate", "maxSurge"}, out.maxSurge);
  out.maxUnavailable = intOrString(object, {"spec", "strategy", "rollingUpdate", "maxUnavailable"},
                                   out.maxUnavailable);
  out.minReadySeconds = integer(object, {"spec", "minReadySeconds"});
  out.revisionHistoryLimit = optionalInteger(object, {"spec", "revisionHistoryLimit"});
  out.progressDeadlineSeconds = optionalInteger(object, {"spec", "progressDeadlineSeconds"});
  out.paused = boolean(object, {"spec", "paused"});
  DeploymentStatus& status = out.status;
  status.observedGeneration = integer(object, {"status", "observedGeneration"});
  status.replicas = integer(object, {"status", "replicas"});
  status.updatedReplicas = integer(object, {"status", "updatedReplicas"});
  status.readyReplicas = integer(object, {"status", "readyReplicas"});
  status.availableReplicas = integer(object, {"status", "availableReplicas"});
  status.unavailableReplicas = integer(object, {"status", "unavailableReplicas"});
  status.collisionCount = optionalInteger(object, {"status", "collisionCount"});
  status.conditions = conditionsOf(findArray(object, {"status", "conditions"}));
  return out;
}

ReplicaSet replicaSetOf(const json::object& object) {
  ReplicaSet out;
  out.meta = metaOf(object);
  out.replicas = integer(object, {"spec", "replicas"}, 1);
  out.selector = labelSelectorOf(objectAt(object, {"spec", "selector"}));
  out.podTemplate = objectAt(object, {"spec", "template"});
  out.minReadySeconds = integer(object, {"spec", "minReadySeconds"});
  ReplicaSetStatus& status = out.status;
  status.observedGeneration = integer(object, {"status", "observedGeneration"});
  status.replicas = integer(object, {"status", "replicas"});
  status.fullyLabeledReplicas = integer(object, {"status", "fullyLabeledReplicas"});
  status.readyReplicas = integer(object, {"status", "readyReplicas"});
  status.availableReplicas = integer(object, {"status", "availableReplicas"});
  status.conditions = conditionsOf(findArray(object, {"status", "conditions"}));
  return out;
}

json::object statusPatch(const DeploymentStatus& status) {
  json::object out{{"observedGeneration", omitZero(status.observedGeneration)},
                   {"replicas", omitZero(status.replicas)},
                   {"updatedReplicas", omitZero(status.updatedReplicas)},
                   {"readyReplicas", omitZero(status.readyReplicas)},
                   {"availableReplicas", omitZero(status.availableReplicas)},
                   {"unavailableReplicas", omitZero(status.unavailableReplicas)},
                   {"conditions", omitEmpty(status.conditions)}};
  if (status.collisionCount) {
    out.emplace("collisionCount", *status.collisionCount);
  }
  return out;
}

json::object statusPatch(const ReplicaSetStatus& status) {
  // "replicas" is the one field that Kubernetes writes even when it is zero.
  return {{"observedGeneration", omitZero(status.observedGeneration)},
          {"replicas", status.replicas},
          {"fullyLabeledReplicas", omitZero(status.fullyLabeledReplicas)},
          {"readyReplicas", omitZero(status.readyReplicas)},
          {"availableReplicas", omitZero(status.availableReplicas)},
          {"conditions", omitEmpty(status.conditions)}};
}

json::array toJson(const std::vector<Condition>& conditions) {
  json::array out;
  for (const Condition& condition : conditions) {
    out.push_back(toJson(condition));
  }
  return out;
}

json::object toJson(const LabelSelector& selector) {
  json::object out;
  if (!selector.matchLabels.empty()) {
    out.emplace("matchLabels", toJson(selector.matchLabels));
  }
  json::array expressions;
  for (const LabelSelector::Expression& expression : selector.matchExpressions) {
    json::object entry{{"key", expression.key}, {"operator", expression.op}};
    if (!expression.values.empty()) {
      entry.emplace("values", json::array(expression.values.begin(), expression.values.end()));
    }
    expressions.push_back(std::move(entry));
  }
  if (!expressions.empty()) {
    out.emplace("matchExpressions", std::move(expressions));
  }
  return out;
}

const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type) {
  for (const Condition& condition : conditions) {
    if (condition.type == type) {
      return &condition;
    }
  }
  return nullptr;
}

}  // namespace hitless::kube
