#include <fmt/format.h>

#include "core/control/api_handlers.h"
#include "core/control/identity.h"
#include "core/kube/apply.h"
#include "core/kube/patch.h"

namespace hitless::control {
namespace {

namespace json = kube::json;
using kube::Resource;

WriteOptions optionsOf(const WriteParameters& parameters) {
  WriteOptions options;
  options.fieldManager = parameters.fieldManager;
  options.dryRun = parameters.dryRun;
  return options;
}

ApiError patchRejected() {
  return {422, "Invalid", "the server rejected our request due to an error in our request",
          json::object{}};
}

ApiError applyConflict(const std::vector<kube::FieldError>& conflicts) {
  json::array causes;
  for (const kube::FieldError& cause : conflicts) {
    causes.push_back(
        json::object{{"reason", cause.reason}, {"message", cause.message}, {"field", cause.field}});
  }
  return {409, "Conflict", kube::conflictMessage(conflicts),
          json::object{{"causes", std::move(causes)}}};
}

ApiResult<json::object> parsePatchObject(const ApiRequest& request) {
  auto value = kube::parseJson(request.body);
  if (!value) {
    return refuse(badRequest("the patch is " + value.error().message));
  }
  if (!value->is_object()) {
    return refuse(badRequest("the patch is not a JSON object"));
  }
  return std::move(value->get_object());
}

/// The state that server-side apply leads to from `live` (null: it does not exist yet).
ApiResult<json::object> applied(const Resource& resource, const json::object* live,
                                const json::object& intent, const ApiRequest& request,
                                WallTime now) {
  auto outcome = kube::serverSideApply(resource, live, intent, request.query.get("fieldManager"),
                                       request.query.flag("force"), now);
  if (!outcome) {
    return refuse(badRequest(outcome.error().message));
  }
  if (!outcome->conflicts.empty()) {
    return refuse(applyConflict(outcome->conflicts));
  }
  return std::move(outcome->object);
}

Reply applyObject(const Call& call, const WriteParameters& parameters) {
  const Resource& resource = *call.target.resource;
  if (call.request.query.get("fieldManager").empty()) {
    return refuse(invalidObject(
        "meta.k8s.io", "PatchOptions", "",
        {{"FieldValueRequired", "fieldManager", "Required value: is required for apply patch"}}));
  }
  std::vector<std::string> warnings;
  json::object intent = API_TRY(parseBody(resource.kind, "application/yaml", call.request.body));
  API_TRY_VOID(checkKind(resource, intent));
  API_TRY_VOID(checkContent(resource, intent, parameters.validation, warnings));
  if (nameOf(intent).empty()) {
    kube::ensureObject(intent, {"metadata"})["name"] = call.target.name;
  } else if (nameOf(intent) != call.target.name) {
    return refuse(badRequest(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                    nameOf(intent), call.target.name)));
  }
  WriteOptions options = optionsOf(parameters);
  options.ownersDone = true;
  options.warnings = &warnings;
  Registry& registry = call.registry;
  const WallTime now = registry.clock().wall();
  const bool exists = registry.store().get(resource, call.target.ns, call.target.name) != nullptr;
  if (!exists && call.target.subresource.empty()) {
    json::object object = API_TRY(applied(resource, nullptr, intent, call.request, now));
    const auto created =
        API_TRY(registry.create(resource, call.target.ns, std::move(object), options));
    return objectResponse(call, 201, created, std::move(warnings));
  }
  const auto change = [&](const json::object& live) {
    return applied(resource, &live, intent, call.request, now);
  };
  const auto object = API_TRY(registry.modify(call.target, change, options));
  return objectResponse(call, 200, object, std::move(warnings));
}

}  // namespace

ApiResult<PatchType> patchType(std::string_view contentType) {
  static constexpr std::pair<std::string_view, PatchType> kTypes[] = {
      {"application/json-patch+json", PatchType::kJson},
      {"application/merge-patch+json", PatchType::kMerge},
      {"application/strategic-merge-patch+json", PatchType::kStrategic},
      {"application/apply-patch+yaml", PatchType::kApply},
  };
  const std::string given = mediaType(contentType);
  for (const auto& [name, type] : kTypes) {
    if (name == given) {
      return type;
    }
  }
  return refuse(unsupportedPatch());
}

ApiResult<json::object> patched(PatchType type, const Resource* resource, const json::object& live,
                                const ApiRequest& request) {
  if (type == PatchType::kJson) {
    const auto patch = kube::parseJson(request.body);
    if (!patch || !patch->is_array()) {
      return refuse(badRequest("the patch is not a JSON array of operations"));
    }
    auto result = kube::applyJsonPatch(live, *patch);
    if (!result || !result->is_object()) {
      return refuse(patchRejected());
    }
    return std::move(result->get_object());
  }
  const json::object patch = API_TRY(parsePatchObject(request));
  if (type == PatchType::kStrategic && resource != nullptr) {
    auto result = kube::applyStrategicMerge(*resource, live, patch);
    if (!result) {
      return refuse(badRequest(result.error().message));
    }
    return *std::move(result);
  }
  json::value document = live;
  kube::applyMergePatch(document, patch);
  return std::move(document.get_object());
}

Reply createObject(const Call& call) {
  const WriteParameters parameters = API_TRY(writeParameters(call.request, "CreateOptions"));
  std::vector<std::string> warnings;
  json::object object =
      API_TRY(decodeObject(*call.target.resource, call.request, parameters.validation, warnings));
  WriteOptions options = optionsOf(parameters);
  options.warnings = &warnings;
  const auto created = API_TRY(
      call.registry.create(*call.target.resource, call.target.ns, std::move(object), options));
  return objectResponse(call, 201, created, std::move(warnings));
}

Reply updateObject(const Call& call) {
  const WriteParameters parameters = API_TRY(writeParameters(call.request, "UpdateOptions"));
  std::vector<std::string> warnings;
  json::object object =
      API_TRY(decodeObject(*call.target.resource, call.request, parameters.validation, warnings));
  const auto change = [&](const json::object&) -> ApiResult<json::object> {
    return std::move(object);
  };
  const auto updated = API_TRY(call.registry.modify(call.target, change, optionsOf(parameters)));
  return objectResponse(call, 200, updated, std::move(warnings));
}

Reply patchObject(const Call& call) {
  const WriteParameters parameters = API_TRY(writeParameters(call.request, "PatchOptions"));
  const PatchType type = API_TRY(patchType(call.request.contentType));
  if (type == PatchType::kApply) {
    return applyObject(call, parameters);
  }
  std::vector<std::string> warnings;
  const auto change = [&](const json::object& live) -> ApiResult<json::object> {
    json::object next = API_TRY(patched(type, call.target.resource, live, call.request));
    API_TRY_VOID(checkContent(*call.target.resource, next, parameters.validation, warnings));
    return next;
  };
  const auto object = API_TRY(call.registry.modify(call.target, change, optionsOf(parameters)));
  return objectResponse(call, 200, object, std::move(warnings));
}

}  // namespace hitless::control
