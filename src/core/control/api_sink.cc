#include "core/control/api_sink.h"

#include "core/control/api_decode.h"
#include "core/control/identity.h"
#include "core/kube/patch.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

Target targetOf(const ObjectRef& object) {
  return {
      object.resource, object.resource->namespaced ? object.ns : std::string(), object.name, {}};
}

Result<kube::ObjectPtr> resultOf(ApiResult<kube::ObjectPtr> result) {
  if (!result) {
    return tl::unexpected(toError(result.error()));
  }
  return *std::move(result);
}

}  // namespace

Result<kube::ObjectPtr> ApiSink::execute(const Action& action) {
  return std::visit([this](const auto& one) { return run(one); }, action);
}

Result<kube::ObjectPtr> ApiSink::run(const Create& action) {
  const std::string ns(namespaceOf(action.object));
  return resultOf(registry_.create(*action.resource, ns, action.object, {}));
}

Result<kube::ObjectPtr> ApiSink::run(const Patch& action) {
  Target target = targetOf(action.object);
  target.subresource = action.subresource == "scale" ? "" : action.subresource;
  const auto change = [&](const json::object& live) -> ApiResult<json::object> {
    if (action.resourceVersion && *action.resourceVersion != revisionOf(live)) {
      return refuse(modified(*action.object.resource, action.object.name));
    }
    if (!action.object.uid.empty() && action.object.uid != uidOf(live)) {
      return refuse(notFound(*action.object.resource, action.object.name));
    }
    json::value next = live;
    kube::applyMergePatch(next, action.patch);
    std::vector<std::string> warnings;
    API_TRY_VOID(checkContent(*action.object.resource, next.get_object(), FieldValidation::kIgnore,
                              warnings));
    return std::move(next.get_object());
  };
  return resultOf(registry_.modify(target, change, {}));
}

Result<kube::ObjectPtr> ApiSink::run(const Delete& action) {
  DeleteOptions options;
  options.gracePeriodSeconds = action.gracePeriodSeconds;
  options.propagationPolicy = action.propagationPolicy;
  options.uid = action.object.uid;
  if (const auto removed = registry_.remove(targetOf(action.object), options); !removed) {
    return tl::unexpected(toError(removed.error()));
  }
  return nullptr;
}

Result<kube::ObjectPtr> ApiSink::run(const Bind& action) {
  if (const auto bound = registry_.bind(action.pod.ns, action.pod.name, action.node, false);
      !bound) {
    return tl::unexpected(toError(bound.error()));
  }
  return nullptr;
}

Result<kube::ObjectPtr> ApiSink::run(const EmitEvent& action) {
  registry_.events().record(action);
  return nullptr;
}

Result<kube::ObjectPtr> ApiSink::run(const Requeue&) {
  return nullptr;
}

}  // namespace hitless::control
