#include "core/kube/objects.h"
#include "core/kube/selector.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {

void validateJob(const json::object& job, FieldErrors& errors) {
  const json::object* selector = findObject(job, {"spec", "selector"});
  const json::object* labels = findObject(job, {"spec", "template", "metadata", "labels"});
  if (selector == nullptr) {
    errors.required("spec.selector");
  } else {
    validateSelector(*selector, "spec.selector", errors);
    if (!matches(labelSelectorOf(*selector), labelsOf(labels))) {
      errors.invalid("spec.template.metadata.labels", labels == nullptr ? json::object{} : *labels,
                     "`selector` does not match template `labels`");
    }
  }
  if (labels != nullptr) {
    validateLabels(*labels, "spec.template.metadata.labels", errors);
  }
  if (const json::object* spec = findObject(job, {"spec", "template", "spec"})) {
    validatePodSpec(*spec, "spec.template.spec", errors);
    constexpr std::string_view kPolicies[] = {"OnFailure", "Never"};
    const std::string_view policy = text(*spec, {"restartPolicy"});
    if (policy != kPolicies[0] && policy != kPolicies[1]) {
      errors.notSupported("spec.template.spec.restartPolicy", policy, kPolicies);
    }
  }
  if (text(job, {"spec", "completionMode"}) == "Indexed") {
    constexpr std::int64_t kMostIndexes = 100'000;
    const auto completions = optionalInteger(job, {"spec", "completions"});
    if (!completions) {
      errors.required("spec.completions", "when completion mode is Indexed");
    } else if (*completions > kMostIndexes) {
      errors.invalid("spec.completions", *completions, "must be less than or equal to 100000");
    }
  }
}

void validateJobUpdate(const json::object& now, const json::object& before, FieldErrors& errors) {
  for (const std::string_view field : {"completions", "selector", "template", "completionMode"}) {
    const json::value* value = find(now, {"spec", field});
    const json::value* old = find(before, {"spec", field});
    const bool same = value == nullptr || old == nullptr ? value == old : *value == *old;
    if (!same) {
      const json::value shown = value == nullptr ? json::value(nullptr) : *value;
      errors.invalid("spec." + std::string(field), shown, kImmutable);
    }
  }
}

}  // namespace hitless::kube
