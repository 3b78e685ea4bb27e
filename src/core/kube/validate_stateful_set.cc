#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/kube/each.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

constexpr const char* kStrategyPath = "spec.updateStrategy";

void validateUpdateStrategy(const json::object& set, FieldErrors& errors) {
  const std::string_view type = text(set, {"spec", "updateStrategy", "type"});
  const json::object* rolling = findObject(set, {"spec", "updateStrategy", "rollingUpdate"});
  if (type != "RollingUpdate" && type != "OnDelete") {
    errors.invalidText(kStrategyPath,
                       fmt::format("apps.StatefulSetUpdateStrategy{{Type:\"{}\", RollingUpdate:(*"
                                   "apps.RollingUpdateStatefulSetStrategy)(nil)}}",
                                   type),
                       "must be 'RollingUpdate' or 'OnDelete'");
  } else if (type == "OnDelete" && rolling != nullptr) {
    errors.invalid(fmt::format("{}.rollingUpdate", kStrategyPath), *rolling,
                   "only allowed for updateStrategy 'RollingUpdate'");
  } else if (rolling != nullptr) {
    const json::value* unavailable = find(*rolling, "maxUnavailable");
    const std::string path = fmt::format("{}.rollingUpdate.maxUnavailable", kStrategyPath);
    validateIntOrPercent(unavailable, path, true, errors);
    if (unavailable != nullptr && isZeroIntOrPercent(unavailable)) {
      errors.invalidText(path, goIntOrString(*unavailable), "cannot be 0");
    }
  }
}

void validateClaimTemplates(const json::object& set, FieldErrors& errors) {
  const json::object* spec = findObject(set, {"spec"});
  if (spec == nullptr) {
    return;
  }
  eachObject(*spec, "volumeClaimTemplates", "spec", [&](const json::object& claim, const auto& at) {
    if (text(claim, {"metadata", "name"}).empty()) {
      errors.required(at + ".metadata.name", "name or generateName is required");
    }
  });
}

/// The set with a volume for each claim template: containers may mount those too.
json::object withClaimVolumes(json::object set) {
  const json::object* spec = findObject(set, {"spec"});
  if (spec == nullptr || findObject(*spec, {"template", "spec"}) == nullptr) {
    return set;
  }
  std::vector<json::string> claims;
  eachObject(*spec, "volumeClaimTemplates", "spec", [&](const json::object& claim, const auto&) {
    claims.emplace_back(text(claim, {"metadata", "name"}));
  });
  json::value& volumes = ensureObject(set, {"spec", "template", "spec"})["volumes"];
  json::array all;
  if (const json::array* given = volumes.if_array()) {
    for (const json::value& volume : *given) {
      const json::object* object = volume.if_object();
      const bool replaced = object != nullptr && std::find(claims.begin(), claims.end(),
                                                           text(*object, {"name"})) != claims.end();
      if (!replaced) {
        all.push_back(volume);
      }
    }
  }
  for (const json::string& claim : claims) {
    all.push_back(json::object{{"name", claim}, {"emptyDir", json::object{}}});
  }
  volumes = std::move(all);
  return set;
}

/// What `kubectl apply` may change in a StatefulSet that exists.
constexpr std::array<std::string_view, 7> kMutable{"replicas",
                                                   "ordinals",
                                                   "template",
                                                   "updateStrategy",
                                                   "minReadySeconds",
                                                   "persistentVolumeClaimRetentionPolicy",
                                                   "revisionHistoryLimit"};

json::object immutablePart(const json::object& set) {
  json::object out;
  if (const json::object* spec = findObject(set, {"spec"})) {
    for (const auto& [key, value] : *spec) {
      if (std::find(kMutable.begin(), kMutable.end(), key) == kMutable.end()) {
        out.emplace(key, value);
      }
    }
  }
  return out;
}

}  // namespace

void validateStatefulSet(const json::object& set, FieldErrors& errors) {
  validateWorkloadSelector(set, "statefulset", errors);
  validateTemplate(withClaimVolumes(set), "StatefulSet", errors);
  const std::string_view policy = text(set, {"spec", "podManagementPolicy"});
  if (policy != "OrderedReady" && policy != "Parallel") {
    errors.invalid("spec.podManagementPolicy", json::string(policy),
                   "must be 'OrderedReady' or 'Parallel'");
  }
  validateUpdateStrategy(set, errors);
  validateClaimTemplates(set, errors);
}

void validateStatefulSetUpdate(const json::object& now, const json::object& before,
                               FieldErrors& errors) {
  if (immutablePart(now) != immutablePart(before)) {
    errors.forbidden("spec",
                     "updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                     "'template', 'updateStrategy', 'revisionHistoryLimit', "
                     "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
  }
}

void validateControllerRevision(const json::object& revision, FieldErrors& errors) {
  if (findObject(revision, {"data"}) == nullptr) {
    errors.required("data", "data is mandatory");
  }
}

void validateControllerRevisionUpdate(const json::object& now, const json::object& before,
                                      FieldErrors& errors) {
  const json::value* data = find(now, "data");
  const json::value* old = find(before, "data");
  if (data != nullptr && old != nullptr && *data != *old) {
    errors.invalid("data", *data, kImmutable);
  }
}

}  // namespace hitless::kube
