#include "core/drain/gate_hook.h"

#include <fmt/format.h>

namespace hitless::drain {
namespace {

using kube::json::object;

/// preStop.httpGet as kubelet performs it: from the node, so 127.0.0.1 is the node's own agent.
object hookOf(std::string_view gateId) {
  return {{"httpGet",
           {{"host", "127.0.0.1"},
            {"port", std::int64_t{kAgentPort}},
            {"path", fmt::format("{}{}", kGatePath, gateId)},
            {"scheme", "HTTP"}}}};
}

bool wanted(const object& pod) {
  if (kube::text(pod, {"metadata", "annotations", kGateAnnotation}) == "off") {
    return false;
  }
  // With grace 0 the kubelet runs no hook at all.
  return kube::optionalInteger(pod, {"spec", "terminationGracePeriodSeconds"}).value_or(30) > 0;
}

bool hasPreStop(const object& container) {
  const kube::json::value* hook = kube::find(container, {"lifecycle", "preStop"});
  return hook != nullptr && !hook->is_null();
}

}  // namespace

Injection injectGate(object& pod, std::string_view gateId) {
  Injection result;
  if (!wanted(pod) || kube::findArray(pod, {"spec", "containers"}) == nullptr) {
    return result;
  }
  for (kube::json::value& element : pod["spec"].as_object()["containers"].as_array()) {
    object* container = element.if_object();
    if (container == nullptr) {
      continue;
    }
    std::string name(kube::text(*container, {"name"}));
    if (hasPreStop(*container)) {
      result.keptOwnHook.push_back(std::move(name));
      continue;
    }
    kube::ensureObject(*container, {"lifecycle"})["preStop"] = hookOf(gateId);
    result.injected.push_back(std::move(name));
  }
  if (!result.injected.empty()) {
    kube::ensureObject(pod, {"metadata", "annotations"})[kGateAnnotation] = gateId;
  }
  return result;
}

}  // namespace hitless::drain
