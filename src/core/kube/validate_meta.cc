#include <fmt/format.h>

#include "core/kube/each.h"
#include "core/kube/names.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

constexpr std::size_t kMaxAnnotationBytes = 256 * 1024;

std::optional<std::string> nameError(const Resource& resource, std::string_view name) {
  if (resource.group.empty() && resource.kind == "Service") {
    return dns1035LabelError(name);
  }
  if (resource.group.empty() && resource.kind == "Namespace") {
    return dnsLabelError(name);
  }
  return dnsSubdomainError(name);
}

void validateName(const Resource& resource, const json::object& meta, FieldErrors& errors) {
  const std::string_view name = text(meta, {"name"});
  if (name.empty()) {
    errors.required("metadata.name", "name or generateName is required");
  } else if (const auto error = nameError(resource, name)) {
    errors.invalid("metadata.name", json::string(name), *error);
  }
  const std::string_view ns = text(meta, {"namespace"});
  if (resource.namespaced && ns.empty()) {
    errors.required("metadata.namespace");
  } else if (!resource.namespaced && !ns.empty()) {
    errors.forbidden("metadata.namespace", "not allowed on this type");
  } else if (const auto error = ns.empty() ? std::nullopt : dnsLabelError(ns)) {
    errors.invalid("metadata.namespace", json::string(ns), *error);
  }
}

void validateAnnotations(const json::object& annotations, FieldErrors& errors) {
  std::size_t total = 0;
  for (const auto& entry : annotations) {
    const json::string* value = entry.value().if_string();
    total += entry.key().size() + (value == nullptr ? 0 : value->size());
    if (const auto error = qualifiedNameError(entry.key())) {
      errors.invalid("metadata.annotations", json::string(entry.key()), *error);
    }
  }
  if (total > kMaxAnnotationBytes) {
    errors.tooLong("metadata.annotations", kMaxAnnotationBytes);
  }
}

void validateOwners(const json::object& meta, FieldErrors& errors) {
  std::size_t controllers = 0;
  eachObject(meta, "ownerReferences", "metadata",
             [&](const json::object& owner, const std::string& path) {
               for (const std::string_view field : {"apiVersion", "kind", "name", "uid"}) {
                 if (text(owner, {field}).empty()) {
                   errors.invalidText(fmt::format("{}.{}", path, field), "\"\"",
                                      fmt::format("{} must not be empty", field));
                 }
               }
               controllers += boolean(owner, {"controller"}) ? 1 : 0;
             });
  if (controllers > 1) {
    errors.invalidText("metadata.ownerReferences", fmt::format("{}", controllers),
                       "Only one reference can have Controller set to true");
  }
}

void validateFinalizers(const json::object& meta, FieldErrors& errors) {
  const json::array* finalizers = findArray(meta, {"finalizers"});
  for (std::size_t i = 0; finalizers != nullptr && i < finalizers->size(); ++i) {
    const json::string* name = (*finalizers)[i].if_string();
    if (const auto error = name == nullptr ? std::nullopt : qualifiedNameError(*name)) {
      errors.invalid(fmt::format("metadata.finalizers[{}]", i), (*finalizers)[i], *error);
    }
  }
}

}  // namespace

void validateLabels(const json::object& labels, const std::string& path, FieldErrors& errors) {
  for (const auto& entry : labels) {
    if (const auto error = qualifiedNameError(entry.key())) {
      errors.invalid(path, json::string(entry.key()), *error);
    }
    const json::string* value = entry.value().if_string();
    if (const auto error = value == nullptr ? std::nullopt : labelValueError(*value)) {
      errors.invalid(path, *value, *error);
    }
  }
}

void validateSelector(const json::object& selector, const std::string& path, FieldErrors& errors) {
  if (const json::object* labels = findObject(selector, {"matchLabels"})) {
    validateLabels(*labels, path + ".matchLabels", errors);
  }
  eachObject(
      selector, "matchExpressions", path,
      [&](const json::object& expression, const std::string& at) {
        const std::string_view op = text(expression, {"operator"});
        const json::array* values = findArray(expression, {"values"});
        const bool any = values != nullptr && !values->empty();
        if (op == "In" || op == "NotIn") {
          if (!any) {
            errors.required(at + ".values", "must be specified when `operator` is 'In' or 'NotIn'");
          }
        } else if (op == "Exists" || op == "DoesNotExist") {
          if (any) {
            errors.forbidden(at + ".values",
                             "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
          }
        } else {
          errors.invalid(at + ".operator", json::string(op), "not a valid selector operator");
        }
        const std::string_view key = text(expression, {"key"});
        if (const auto error = qualifiedNameError(key)) {
          errors.invalid(at + ".key", json::string(key), *error);
        }
      });
}

void validateMeta(const Resource& resource, const json::object& object, FieldErrors& errors) {
  static const json::object kNone;
  const json::object* found = findObject(object, {"metadata"});
  const json::object& meta = found == nullptr ? kNone : *found;
  validateName(resource, meta, errors);
  if (const json::object* labels = findObject(meta, {"labels"})) {
    validateLabels(*labels, "metadata.labels", errors);
  }
  if (const json::object* annotations = findObject(meta, {"annotations"})) {
    validateAnnotations(*annotations, errors);
  }
  validateOwners(meta, errors);
  validateFinalizers(meta, errors);
}

void validateMetaUpdate(const json::object& now, const json::object& before, FieldErrors& errors) {
  for (const std::string_view field : {"name", "namespace", "uid", "creationTimestamp"}) {
    const json::value* value = find(now, {"metadata", field});
    const json::value* old = find(before, {"metadata", field});
    const bool given = value != nullptr && !value->is_null();
    if (given && (old == nullptr || *old != *value)) {
      errors.invalid(fmt::format("metadata.{}", field), *value, kImmutable);
    }
  }
}

}  // namespace hitless::kube
