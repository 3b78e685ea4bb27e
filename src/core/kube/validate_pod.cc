#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/kube/each.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

void validateVolumes(const json::object& spec, const std::string& path, FieldErrors& errors) {
  std::set<std::string_view> names;
  eachObject(spec, "volumes", path, [&](const json::object& volume, const std::string& at) {
    const std::string_view name = text(volume, {"name"});
    if (!name.empty() && !names.insert(name).second) {
      errors.duplicate(at + ".name", json::string(name));
    }
    std::size_t sources = 0;
    for (const auto& entry : volume) {
      if (entry.key() != "name" && ++sources > 1) {
        errors.forbidden(fmt::format("{}.{}", at, std::string_view(entry.key())),
                         "may not specify more than 1 volume type");
      }
    }
    if (sources == 0) {
      errors.required(at, "must specify a volume type");
    }
  });
}

/// The spec without what an update may change.
json::object fixedPart(json::object spec) {
  for (const std::string_view list : {"containers", "initContainers"}) {
    const auto it = spec.find(list);
    json::array* containers = it == spec.end() ? nullptr : it->value().if_array();
    for (std::size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
      if (json::object* container = (*containers)[i].if_object()) {
        container->erase("image");
      }
    }
  }
  for (const std::string_view field : {"activeDeadlineSeconds", "tolerations"}) {
    spec.erase(field);
  }
  return spec;
}

/// "- spec.nodeName: "a"" and "+ spec.nodeName: "b"" for every field that differs.
std::string differences(const json::object& now, const json::object& before) {
  std::string out;
  const auto line = [&](char sign, std::string_view key, const json::value* value) {
    if (value != nullptr) {
      out += fmt::format("\n{} spec.{}: {}", sign, key, json::serialize(*value));
    }
  };
  std::set<std::string> keys;
  for (const json::object* side : {&now, &before}) {
    for (const auto& entry : *side) {
      keys.emplace(entry.key());
    }
  }
  for (const std::string& key : keys) {
    const json::value* left = find(before, key);
    const json::value* right = find(now, key);
    if (left == nullptr || right == nullptr || *left != *right) {
      line('-', key, left);
      line('+', key, right);
    }
  }
  return out;
}

void validateTolerationUpdate(const json::object& now, const json::object& before,
                              FieldErrors& errors) {
  const json::array* old = findArray(before, {"spec", "tolerations"});
  const json::array* current = findArray(now, {"spec", "tolerations"});
  const auto kept = [&](const json::value& toleration) {
    return current != nullptr &&
           std::find(current->begin(), current->end(), toleration) != current->end();
  };
  if (old != nullptr && !std::all_of(old->begin(), old->end(), kept)) {
    errors.forbidden("spec.tolerations",
                     "existing toleration can not be modified except its tolerationSeconds");
  }
}

}  // namespace

void validatePodSpec(const json::object& spec, const std::string& path, FieldErrors& errors) {
  validateVolumes(spec, path, errors);
  validateContainers(spec, path, errors);
  validatePodDns(spec, path, errors);
}

void validatePod(const json::object& pod, FieldErrors& errors) {
  if (const json::object* spec = findObject(pod, {"spec"})) {
    validatePodSpec(*spec, "spec", errors);
  }
}

void validatePodUpdate(const json::object& now, const json::object& before, FieldErrors& errors) {
  const json::object* spec = findObject(now, {"spec"});
  const json::object* old = findObject(before, {"spec"});
  if (spec == nullptr || old == nullptr) {
    return;
  }
  validateTolerationUpdate(now, before, errors);
  const json::object fixed = fixedPart(*spec);
  const json::object oldFixed = fixedPart(*old);
  if (fixed != oldFixed) {
    errors.forbidden(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`, "
        "`spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only "
        "additions to existing tolerations)" +
            differences(fixed, oldFixed));
  }
}

}  // namespace hitless::kube
