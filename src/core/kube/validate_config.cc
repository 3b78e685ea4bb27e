#include <fmt/format.h>

#include "core/kube/names.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

constexpr std::size_t kMaxDataBytes = 1024 * 1024;

bool sameField(const json::object& a, const json::object& b, std::string_view field) {
  const json::value* left = find(a, field);
  const json::value* right = find(b, field);
  return left == nullptr || right == nullptr ? left == right : *left == *right;
}

}  // namespace

void validateData(const json::object& object, FieldErrors& errors) {
  std::size_t total = 0;
  for (const std::string_view field : {"data", "binaryData"}) {
    const json::object* data = findObject(object, {field});
    if (data == nullptr) {
      continue;
    }
    for (const auto& entry : *data) {
      const json::string* value = entry.value().if_string();
      total += value == nullptr ? 0 : value->size();
      if (const auto error = dataKeyError(entry.key())) {
        errors.invalid(fmt::format("{}[{}]", field, std::string_view(entry.key())),
                       json::string(entry.key()), *error);
      }
    }
  }
  if (total > kMaxDataBytes) {
    errors.tooLong("", kMaxDataBytes);
  }
}

void validateDataUpdate(const json::object& now, const json::object& before, FieldErrors& errors) {
  if (!boolean(before, {"immutable"})) {
    return;
  }
  if (!boolean(now, {"immutable"})) {
    errors.forbidden("immutable", "field is immutable when `immutable` is set");
  }
  for (const std::string_view field : {"data", "binaryData"}) {
    if (!sameField(now, before, field)) {
      errors.forbidden(std::string(field), "field is immutable when `immutable` is set");
    }
  }
}

void validateSecretUpdate(const json::object& now, const json::object& before,
                          FieldErrors& errors) {
  if (text(now, {"type"}) != text(before, {"type"})) {
    errors.invalid("type", json::string(text(now, {"type"})), kImmutable);
  }
  validateDataUpdate(now, before, errors);
}

void validateEvent(const json::object& event, FieldErrors& errors) {
  const std::string_view ns = text(event, {"metadata", "namespace"});
  const std::string_view involved = text(event, {"involvedObject", "namespace"});
  // An event about an object without a namespace lives in "default".
  if (!involved.empty() && involved != ns) {
    errors.invalid("involvedObject.namespace", json::string(involved),
                   "does not match event.namespace");
  }
}

void validateRoleBindingUpdate(const json::object& now, const json::object& before,
                               FieldErrors& errors) {
  const json::value* role = find(now, "roleRef");
  const json::value* old = find(before, "roleRef");
  if (role != nullptr && old != nullptr && *role != *old) {
    errors.invalid("roleRef", *role, "cannot change roleRef");
  }
}

void validateNodeUpdate(const json::object& now, const json::object& before, FieldErrors& errors) {
  const json::array* old = findArray(before, {"spec", "podCIDRs"});
  const json::object* spec = findObject(now, {"spec"});
  const json::object* oldSpec = findObject(before, {"spec"});
  if (old != nullptr && !old->empty() && spec != nullptr &&
      !sameField(*spec, *oldSpec, "podCIDRs")) {
    errors.forbidden("spec.podCIDRs",
                     "node updates may not change podCIDR except from \"\" to valid");
  }
}

}  // namespace hitless::kube
