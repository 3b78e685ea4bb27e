#include <fmt/format.h>

#include "base/text.h"
#include "core/kube/objects.h"
#include "core/kube/selector.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {

std::string goIntOrString(const json::value& value) {
  const json::string* string = value.if_string();
  const std::int64_t* number = value.if_int64();
  return fmt::format("intstr.IntOrString{{Type:{}, IntVal:{}, StrVal:\"{}\"}}",
                     string == nullptr ? 0 : 1, number == nullptr ? 0 : *number,
                     string == nullptr ? std::string_view{} : std::string_view(*string));
}

namespace {

/// The number of "25%"; nullopt if it is no percentage.
std::optional<std::uint64_t> percent(std::string_view text) {
  return text.size() > 1 && text.back() == '%' ? parseUint(text.substr(0, text.size() - 1))
                                               : std::nullopt;
}

}  // namespace

void validateIntOrPercent(const json::value* value, const std::string& path, bool atMostAll,
                          FieldErrors& errors) {
  if (value == nullptr) {
    return;
  }
  if (const std::int64_t* number = value->if_int64(); number != nullptr && *number < 0) {
    errors.invalidText(path, goIntOrString(*value), "must be greater than or equal to 0");
  }
  if (const json::string* string = value->if_string()) {
    const auto share = percent(*string);
    if (!share) {
      errors.invalidText(path, goIntOrString(*value),
                         "a valid percent string must be a numeric string followed by an ending "
                         "'%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
    } else if (atMostAll && *share > 100) {
      errors.invalidText(path, goIntOrString(*value), "must not be greater than 100%");
    }
  }
}

bool isZeroIntOrPercent(const json::value* value) {
  if (value == nullptr) {
    return true;
  }
  const json::string* string = value->if_string();
  return string == nullptr ? *value == json::value(0) : percent(*string) == std::uint64_t{0};
}

namespace {

void validateStrategy(const json::object& deployment, FieldErrors& errors) {
  const json::object* rolling = findObject(deployment, {"spec", "strategy", "rollingUpdate"});
  const std::string_view type = text(deployment, {"spec", "strategy", "type"});
  if (type == "Recreate" && rolling != nullptr) {
    errors.forbidden("spec.strategy.rollingUpdate",
                     "may not be specified when strategy `type` is 'Recreate'");
  }
  if (type != "RollingUpdate" || rolling == nullptr) {
    return;
  }
  constexpr const char* kUnavailablePath = "spec.strategy.rollingUpdate.maxUnavailable";
  const json::value* unavailable = find(*rolling, "maxUnavailable");
  const json::value* surge = find(*rolling, "maxSurge");
  validateIntOrPercent(unavailable, kUnavailablePath, true, errors);
  validateIntOrPercent(surge, "spec.strategy.rollingUpdate.maxSurge", false, errors);
  if (isZeroIntOrPercent(unavailable) && isZeroIntOrPercent(surge)) {
    errors.invalidText(kUnavailablePath,
                       goIntOrString(unavailable == nullptr ? json::value(0) : *unavailable),
                       "may not be 0 when `maxSurge` is 0");
  }
}

}  // namespace

void validateTemplate(const json::object& workload, std::string_view kind, FieldErrors& errors) {
  const json::object* spec = findObject(workload, {"spec", "template", "spec"});
  if (spec == nullptr) {
    return;
  }
  validatePodSpec(*spec, "spec.template.spec", errors);
  const std::string_view policy = text(*spec, {"restartPolicy"});
  if (policy == "Never" || policy == "OnFailure") {
    constexpr std::string_view kAlways[] = {"Always"};
    errors.notSupported("spec.template.spec.restartPolicy", policy, kAlways);
  }
  if (find(*spec, "activeDeadlineSeconds") != nullptr) {
    errors.forbidden("spec.template.spec.activeDeadlineSeconds",
                     fmt::format("activeDeadlineSeconds in {} is not Supported", kind));
  }
}

void validateWorkloadSelector(const json::object& workload, std::string_view kind,
                              FieldErrors& errors) {
  const json::object* selector = findObject(workload, {"spec", "selector"});
  if (selector == nullptr) {
    return;
  }
  validateSelector(*selector, "spec.selector", errors);
  const LabelSelector parsed = labelSelectorOf(*selector);
  if (parsed == LabelSelector{}) {
    errors.invalidText("spec.selector", goSelector(*selector),
                       fmt::format("empty selector is invalid for {}", kind));
    return;
  }
  const json::object* labels = findObject(workload, {"spec", "template", "metadata", "labels"});
  if (labels != nullptr) {
    validateLabels(*labels, "spec.template.metadata.labels", errors);
  }
  if (!matches(parsed, labelsOf(labels))) {
    errors.invalid("spec.template.metadata.labels", labels == nullptr ? json::object{} : *labels,
                   "`selector` does not match template `labels`");
  }
}

void validateDeployment(const json::object& deployment, FieldErrors& errors) {
  validateWorkloadSelector(deployment, "deployment", errors);
  validateTemplate(deployment, "ReplicaSet", errors);
  validateStrategy(deployment, errors);
  const std::int64_t minReady = integer(deployment, {"spec", "minReadySeconds"});
  const auto deadline = optionalInteger(deployment, {"spec", "progressDeadlineSeconds"});
  if (deadline && *deadline >= 0 && *deadline <= minReady) {
    errors.invalid("spec.progressDeadlineSeconds", *deadline,
                   "must be greater than minReadySeconds");
  }
}

void validateReplicaSet(const json::object& replicaSet, FieldErrors& errors) {
  validateWorkloadSelector(replicaSet, "ReplicaSet", errors);
  validateTemplate(replicaSet, "ReplicaSet", errors);
}

void validateDaemonSet(const json::object& daemonSet, FieldErrors& errors) {
  validateWorkloadSelector(daemonSet, "daemonset", errors);
  validateTemplate(daemonSet, "DaemonSet", errors);
  const json::object* rolling = findObject(daemonSet, {"spec", "updateStrategy", "rollingUpdate"});
  if (rolling == nullptr || text(daemonSet, {"spec", "updateStrategy", "type"}) == "OnDelete") {
    return;
  }
  const std::string path = "spec.updateStrategy.rollingUpdate";
  const json::value* unavailable = find(*rolling, "maxUnavailable");
  const json::value* surge = find(*rolling, "maxSurge");
  validateIntOrPercent(unavailable, path + ".maxUnavailable", true, errors);
  validateIntOrPercent(surge, path + ".maxSurge", true, errors);
  if (isZeroIntOrPercent(unavailable) && isZeroIntOrPercent(surge)) {
    errors.invalidText(path + ".maxUnavailable",
                       goIntOrString(unavailable == nullptr ? json::value(0) : *unavailable),
                       "cannot be 0 when maxSurge is 0");
  } else if (!isZeroIntOrPercent(unavailable) && !isZeroIntOrPercent(surge)) {
    errors.invalidText(path + ".maxSurge", goIntOrString(*surge),
                       "may not be set when maxUnavailable is non-zero");
  }
}

void validateWorkloadUpdate(const json::object& now, const json::object& before,
                            FieldErrors& errors) {
  const json::object* selector = findObject(now, {"spec", "selector"});
  const json::object* old = findObject(before, {"spec", "selector"});
  if (selector != nullptr && old != nullptr && *selector != *old) {
    errors.invalidText("spec.selector", goSelector(*selector), kImmutable);
  }
}

}  // namespace hitless::kube
