#include "core/control/admission.h"

#include <fmt/format.h>

#include <iterator>

#include "core/drain/gate_hook.h"
#include "core/proxy/inject/injection.h"

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

void warn(AdmissionRequest& request, std::vector<std::string> warnings) {
  request.warnings.insert(request.warnings.end(), std::make_move_iterator(warnings.begin()),
                          std::make_move_iterator(warnings.end()));
}

ApiStatus sidecar(AdmissionRequest& request) {
  if (!creates(request, "Pod")) {
    return {};
  }
  const kube::ObjectPtr ns = request.store->get(kube::res::kNamespaces, "", request.ns);
  proxy::inject::Options options;
  options.ns = ns.get();
  warn(request, proxy::inject::injectSidecar(*request.object, options).warnings);
  return {};
}

ApiStatus gate(AdmissionRequest& request) {
  if (!request.options.gate || !creates(request, "Pod")) {
    return {};
  }
  const std::string id = fmt::format("{:016x}{:016x}", request.rng->next(), request.rng->next());
  const kube::ObjectPtr ns = request.store->get(kube::res::kNamespaces, "", request.ns);
  warn(request, drain::injectGate(*request.object, {ns.get()}, id).warnings);
  proxy::inject::tellOfGate(*request.object);
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
    {"Sidecar", sidecar},
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
