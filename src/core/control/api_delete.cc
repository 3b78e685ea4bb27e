#include "core/control/api_handlers.h"
#include "core/control/identity.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

/// Options come in the body or in the query; the query wins.
ApiResult<DeleteOptions> deleteOptions(const ApiRequest& request) {
  DeleteOptions options;
  json::object body;
  if (!request.body.empty()) {
    body = API_TRY(parseBody("DeleteOptions", request.contentType, request.body));
  }
  options.gracePeriodSeconds = kube::optionalInteger(body, {"gracePeriodSeconds"});
  options.propagationPolicy = std::string(kube::text(body, {"propagationPolicy"}));
  options.uid = std::string(kube::text(body, {"preconditions", "uid"}));
  options.resourceVersion = std::string(kube::text(body, {"preconditions", "resourceVersion"}));
  bool orphan = kube::boolean(body, {"orphanDependents"});
  if (const json::array* dryRun = kube::findArray(body, {"dryRun"})) {
    options.dryRun = !dryRun->empty();
  }
  const Query& query = request.query;
  if (const auto grace = query.integer("gracePeriodSeconds")) {
    options.gracePeriodSeconds = grace;
  }
  if (const std::string_view policy = query.get("propagationPolicy"); !policy.empty()) {
    options.propagationPolicy = std::string(policy);
  }
  orphan = query.flag("orphanDependents", orphan);
  if (orphan && options.propagationPolicy.empty()) {
    options.propagationPolicy = "Orphan";
  }
  const WriteParameters parameters = API_TRY(writeParameters(request, "DeleteOptions"));
  options.dryRun = options.dryRun || parameters.dryRun;
  return options;
}

/// Kinds whose deletion answers with the object even when it has gone.
bool returnsObject(const kube::Resource& resource) {
  return resource.kind == "Pod" || resource.kind == "Service" || resource.kind == "ServiceAccount";
}

}  // namespace

Reply deleteObject(const Call& call) {
  const DeleteOptions options = API_TRY(deleteOptions(call.request));
  const Removed removed = API_TRY(call.registry.remove(call.target, options));
  if (removed.gone && !returnsObject(*call.target.resource)) {
    return jsonResponse(
        200, successStatus(*call.target.resource, call.target.name, uidOf(*removed.object)));
  }
  return objectResponse(call, 200, removed.object);
}

Reply deleteCollection(const Call& call) {
  const DeleteOptions options = API_TRY(deleteOptions(call.request));
  const Selection selection = API_TRY(selectionOf(call));
  std::vector<kube::ObjectPtr> removed;
  for (const auto& object : call.registry.store().list(*selection.resource, selection.ns)) {
    if (!selection.matches(*object)) {
      continue;
    }
    Target target = call.target;
    target.ns = std::string(namespaceOf(*object));
    target.name = std::string(nameOf(*object));
    if (auto one = call.registry.remove(target, options)) {
      removed.push_back(std::move(one->object));
    } else if (one.error().code != 404) {
      return refuse(std::move(one.error()));
    }
  }
  return ApiResponse{200,
                     "application/json",
                     listBody({}, *selection.resource, removed, {call.registry.store().revision()},
                              call.registry.clock().wall()),
                     {}};
}

Reply bindPod(const Call& call) {
  const json::object binding =
      API_TRY(parseBody("Binding", call.request.contentType, call.request.body));
  const WriteParameters parameters = API_TRY(writeParameters(call.request, "CreateOptions"));
  const std::string_view node = kube::text(binding, {"target", "name"});
  if (node.empty()) {
    return refuse(invalidObject("", "Binding", call.target.name,
                                {{"FieldValueRequired", "target.name", "Required value"}}));
  }
  API_TRY_VOID(call.registry.bind(call.target.ns, call.target.name, node, parameters.dryRun));
  return jsonResponse(201, successStatus(*call.target.resource, "", ""));
}

Reply readLog(const Call& call) {
  const kube::ObjectPtr pod =
      call.registry.store().get(*call.target.resource, call.target.ns, call.target.name);
  if (pod == nullptr) {
    return refuse(notFound(*call.target.resource, call.target.name));
  }
  auto query = API_TRY(logQuery(*pod, call.request.query, call.registry.clock().wall()));
  if (!query) {
    return ApiResponse{200, "text/plain", "", {}};
  }
  return *std::move(query);
}

}  // namespace hitless::control
