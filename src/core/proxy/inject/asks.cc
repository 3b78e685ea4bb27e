#include "core/proxy/inject/asks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/proxy/inject/names.h"

namespace hitless::proxy::inject {
namespace {

using kube::json::object;

/// What an object says, as an annotation or else as a label.
std::string_view wordOf(const object& holder) {
  const std::string_view annotation = kube::text(holder, {"metadata", "annotations", kInject});
  return annotation.empty() ? kube::text(holder, {"metadata", "labels", kInject}) : annotation;
}

bool namespaceAsks(const object* ns) {
  if (ns == nullptr) {
    return false;
  }
  const std::string_view word = wordOf(*ns);
  return word == "true" ||
         (word != "false" && kube::text(*ns, {"metadata", "labels", kNamespaceLabel}) == "enabled");
}

/// Two proxies in one pod would lead each other's connections in circles.
std::string_view otherProxyIn(const object& pod) {
  constexpr std::array<std::string_view, 5> kOthers = {
      "istio-proxy", "linkerd-proxy", "kuma-sidecar", kProxyContainer, kRedirectContainer};
  for (const std::string_view list : {"containers", "initContainers"}) {
    const auto* containers = kube::findArray(pod, {"spec", list});
    for (const auto& element : containers == nullptr ? kube::json::array{} : *containers) {
      const auto* container = element.if_object();
      const std::string_view name = container == nullptr ? "" : kube::text(*container, {"name"});
      const auto* other = std::find(kOthers.begin(), kOthers.end(), name);
      if (other != kOthers.end()) {
        return *other;
      }
    }
  }
  return {};
}

/// What no API server takes, and what could not be given back.
bool isMalformed(const object& pod) {
  const auto wrong = [](const kube::json::value* value, bool list) {
    return value != nullptr && !value->is_null() &&
           !(list ? value->is_array() : value->is_object());
  };
  const auto* containers = kube::findArray(pod, {"spec", "containers"});
  return containers == nullptr || containers->empty() ||
         wrong(kube::find(pod, "metadata"), false) ||
         wrong(kube::find(pod, {"metadata", "annotations"}), false) ||
         wrong(kube::find(pod, {"spec", "initContainers"}), true);
}

/// Why a pod cannot have the proxy; empty if it can.
std::string obstacle(const object& pod) {
  if (kube::boolean(pod, {"spec", "hostNetwork"})) {
    return "the pod is in its node's network (hostNetwork), whose connections no proxy of a pod "
           "can take: it gets none";
  }
  if (kube::text(pod, {"spec", "os", "name"}) == "windows") {
    return "the proxy does not run on Windows: the pod gets none";
  }
  if (const std::string_view other = otherProxyIn(pod); !other.empty()) {
    return fmt::format(
        "the pod has the proxy {} already, and gets no second one; annotate it {}: \"false\"",
        other, kInject);
  }
  return {};
}

}  // namespace

Answer asksForProxy(const object& pod, const Options& options) {
  const std::string_view word = wordOf(pod);
  const bool known = word.empty() || word == "true" || word == "false";
  const bool asked =
      word == "true" || (word != "false" && (options.byDefault || namespaceAsks(options.ns)));
  if (!asked) {
    return {false, known ? std::string()
                         : fmt::format("{} is \"{}\", which is neither \"true\" nor \"false\": the "
                                       "pod gets no proxy",
                                       kInject, word)};
  }
  const bool mirror =
      kube::find(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr;
  if (mirror || isMalformed(pod)) {
    return {};
  }
  std::string why = obstacle(pod);
  return {why.empty(), std::move(why)};
}

}  // namespace hitless::proxy::inject
