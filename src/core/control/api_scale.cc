#include <fmt/format.h>

#include "core/control/api_handlers.h"
#include "core/control/identity.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

/// A workload's label selector as text: status.selector of a Scale.
std::string selectorText(const json::object& workload) {
  const json::object* source = kube::findObject(workload, {"spec", "selector"});
  if (source == nullptr) {
    return {};
  }
  const kube::LabelSelector selector = kube::labelSelectorOf(*source);
  std::vector<std::string> terms;
  for (const auto& [key, value] : selector.matchLabels) {
    terms.push_back(fmt::format("{}={}", key, value));
  }
  for (const auto& expression : selector.matchExpressions) {
    const std::string values = fmt::format("({})", fmt::join(expression.values, ","));
    terms.push_back(expression.op == "Exists"         ? expression.key
                    : expression.op == "DoesNotExist" ? "!" + expression.key
                    : expression.op == "In" ? fmt::format("{} in {}", expression.key, values)
                                            : fmt::format("{} notin {}", expression.key, values));
  }
  return fmt::format("{}", fmt::join(terms, ","));
}

json::object scaleOf(const json::object& workload) {
  json::object meta;
  if (const json::object* source = kube::findObject(workload, {"metadata"})) {
    for (const std::string_view field :
         {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
      if (const json::value* value = source->if_contains(field)) {
        meta[field] = *value;
      }
    }
  }
  return {{"kind", "Scale"},
          {"apiVersion", "autoscaling/v1"},
          {"metadata", std::move(meta)},
          {"spec", json::object{{"replicas", kube::integer(workload, {"spec", "replicas"}, 1)}}},
          {"status", json::object{{"replicas", kube::integer(workload, {"status", "replicas"})},
                                  {"selector", selectorText(workload)}}}};
}

/// The workload with the replicas (and the preconditions) of a Scale.
ApiResult<json::object> withScale(const json::object& live, const json::object& scale) {
  const json::value* wanted = kube::find(scale, {"spec", "replicas"});
  const auto replicas = kube::optionalInteger(scale, {"spec", "replicas"});
  if (wanted != nullptr && !wanted->is_null() && !replicas) {
    return refuse(
        badRequest("json: cannot unmarshal a value into Go struct field "
                   "ScaleSpec.spec.replicas of type int32"));
  }
  if (replicas.value_or(0) < 0) {
    return refuse(invalidObject(
        "autoscaling", "Scale", nameOf(live),
        {{"FieldValueInvalid", "spec.replicas",
          fmt::format("Invalid value: {}: must be greater than or equal to 0", *replicas)}}));
  }
  json::object next = live;
  kube::ensureObject(next, {"spec"})["replicas"] = replicas.value_or(0);
  json::object& meta = kube::ensureObject(next, {"metadata"});
  for (const std::string_view field : {"uid", "resourceVersion", "name", "namespace"}) {
    if (const std::string_view claimed = kube::text(scale, {"metadata", field}); !claimed.empty()) {
      meta[field] = json::string(claimed);
    }
  }
  return next;
}

Reply writeScale(const Call& call, const WriteParameters& parameters,
                 const Registry::Change& change) {
  Target workload = call.target;
  workload.subresource.clear();
  WriteOptions options;
  options.fieldManager = parameters.fieldManager;
  options.dryRun = parameters.dryRun;
  const auto stored = API_TRY(call.registry.modify(workload, change, options));
  return jsonResponse(200, scaleOf(*stored));
}

}  // namespace

Reply readScale(const Call& call) {
  const Target& target = call.target;
  const auto workload = call.registry.store().get(*target.resource, target.ns, target.name);
  if (workload == nullptr) {
    return refuse(notFound(*target.resource, target.name));
  }
  return jsonResponse(200, scaleOf(*workload));
}

Reply updateScale(const Call& call) {
  const WriteParameters parameters = API_TRY(writeParameters(call.request, "UpdateOptions"));
  const json::object scale =
      API_TRY(parseBody("Scale", call.request.contentType, call.request.body));
  return writeScale(call, parameters,
                    [&](const json::object& live) { return withScale(live, scale); });
}

Reply patchScale(const Call& call) {
  const WriteParameters parameters = API_TRY(writeParameters(call.request, "PatchOptions"));
  const PatchType type = API_TRY(patchType(call.request.contentType));
  if (type == PatchType::kApply) {
    return refuse(unsupportedPatch());
  }
  return writeScale(call, parameters, [&](const json::object& live) -> ApiResult<json::object> {
    const json::object scale = API_TRY(patched(type, nullptr, scaleOf(live), call.request));
    return withScale(live, scale);
  });
}

}  // namespace hitless::control
