#include "core/control/admission.h"

#include <fmt/format.h>

#include "core/drain/gate_hook.h"

namespace hitless::control {
namespace {

namespace json = kube::json;
using Operation = AdmissionRequest::Operation;

bool creates(const AdmissionRequest& request, std::string_view kind) {
  return request.operation == Operation::kCreate && request.resource->kind == kind;
}

/// Nothing new in a namespace that does not exist or is going away.
ApiStatus namespaceLifecycle(AdmissionRequest& request) {
  if (request.operation != Operation::kCreate || !request.resource->namespaced) {
    return {};
  }
  const kube::ObjectPtr ns = request.store->get(kube::res::kNamespaces, "", request.ns);
  if (ns == nullptr) {
    return refuse(notFound(kube::res::kNamespaces, request.ns));
  }
  if (kube::find(*ns, {"metadata", "deletionTimestamp"}) == nullptr) {
    return {};
  }
  const std::string_view name = kube::text(*request.object, {"metadata", "name"});
  ApiError error = forbidden(
      *request.resource, name,
      fmt::format("unable to create new content in namespace {} because it is being terminated",
                  request.ns));
  error.details->emplace(
      "causes", json::array{json::object{
                    {"reason", "NamespaceTerminating"},
                    {"message", fmt::format("namespace {} is being terminated", request.ns)},
                    {"field", "metadata.namespace"}}});
  return refuse(std::move(error));
}

ApiStatus serviceAccount(AdmissionRequest& request) {
  if (!creates(request, "Pod")) {
    return {};
  }
  json::object& spec = kube::ensureObject(*request.object, {"spec"});
  if (kube::text(spec, {"serviceAccountName"}).empty()) {
    spec["serviceAccountName"] = "default";
  }
  spec["serviceAccount"] = json::string(kube::text(spec, {"serviceAccountName"}));
  return {};
}

ApiStatus priority(AdmissionRequest& request) {
  if (!creates(request, "Pod")) {
    return {};
  }
  json::object& spec = kube::ensureObject(*request.object, {"spec"});
  spec.emplace("priority", 0);
  spec.emplace("preemptionPolicy", "PreemptLowerPriority");
  return {};
}

ApiStatus gate(AdmissionRequest& request) {
  if (!request.options.gate || !creates(request, "Pod")) {
    return {};
  }
  const std::string id = fmt::format("{:016x}{:016x}", request.rng->next(), request.rng->next());
  const kube::ObjectPtr ns = request.store->get(kube::res::kNamespaces, "", request.ns);
  drain::Injection injection = drain::injectGate(*request.object, {ns.get()}, id);
  request.warnings = std::move(injection.warnings);
  return {};
}

ApiStatus serviceAddresses(AdmissionRequest& request) {
  if (request.resource != &kube::res::kServices) {
    return {};
  }
  return request.addresses->assign(*request.object, request.live, *request.rng);
}

constexpr AdmissionStep kSteps[] = {
    {"NamespaceLifecycle", namespaceLifecycle},
    {"ServiceAccount", serviceAccount},
    {"Priority", priority},
    {"Gate", gate},
    {"ServiceAddresses", serviceAddresses},
};

}  // namespace

std::span<const AdmissionStep> admissionSteps() {
  return kSteps;
}

ApiStatus admit(AdmissionRequest& request) {
  for (const AdmissionStep& step : kSteps) {
    API_TRY_VOID(step.admit(request));
  }
  return {};
}

}  // namespace hitless::control
