#include "core/drain/gate_hook.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "core/drain/open_connections.h"
#include "core/drain/pod_security.h"

namespace hitless::drain {
namespace {

using kube::json::object;
using Names = std::vector<std::string>;

/// preStop.httpGet as kubelet performs it: from the node, so 127.0.0.1 is the node's own agent.
object hookOf(std::string_view gateId) {
  return {{"httpGet",
           {{"host", "127.0.0.1"},
            {"port", std::int64_t{kAgentPort}},
            {"path", fmt::format("{}{}", kGatePath, gateId)},
            {"scheme", "HTTP"}}}};
}

/// What an object says of the gate, as an annotation or a label.
std::string_view wordOf(const object& holder) {
  const std::string_view annotation =
      kube::text(holder, {"metadata", "annotations", kGateAnnotation});
  return annotation.empty() ? kube::text(holder, {"metadata", "labels", kGateAnnotation})
                            : annotation;
}

/// The pod's own word counts before its namespace's.
bool optedOut(const object& pod, const object* ns) {
  const std::string_view own = wordOf(pod);
  return own == "off" || (own != "on" && ns != nullptr && wordOf(*ns) == "off");
}

/// Pods whose kubelet runs no hook, or where no agent is.
bool outOfReach(const object& pod) {
  return kube::optionalInteger(pod, {"spec", "terminationGracePeriodSeconds"}).value_or(30) <= 0 ||
         kube::find(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr ||
         kube::text(pod, {"spec", "os", "name"}) == "windows";
}

const object* preStopOf(const object& container) {
  return kube::findObject(container, {"lifecycle", "preStop"});
}

/// The id in a hook that an earlier admission has put there; empty if it is none.
std::string_view idIn(const object& container) {
  const object* hook = preStopOf(container);
  if (hook == nullptr || kube::text(*hook, {"httpGet", "host"}) != "127.0.0.1" ||
      kube::integer(*hook, {"httpGet", "port"}) != kAgentPort) {
    return {};
  }
  const std::string_view path = kube::text(*hook, {"httpGet", "path"});
  return path.starts_with(kGatePath) ? path.substr(kGatePath.size()) : std::string_view();
}

/// An own hook that asks the gate itself.
bool waitsItself(const object& container) {
  const std::string self = fmt::format("{}{}", kGatePath, kGateSelf);
  const auto* command = kube::findArray(container, {"lifecycle", "preStop", "exec", "command"});
  return command != nullptr && std::any_of(command->begin(), command->end(), [&](const auto& word) {
           return word.is_string() &&
                  std::string_view(word.get_string()).find(self) != std::string_view::npos;
         });
}

/// The containers that a pod may have hooks in; elements that are no objects are passed over.
std::vector<object*> containersOf(object& pod) {
  std::vector<object*> containers;
  if (kube::findArray(pod, {"spec", "containers"}) == nullptr) {
    return containers;
  }
  for (kube::json::value& element : pod["spec"].as_object()["containers"].as_array()) {
    if (object* container = element.if_object()) {
      containers.push_back(container);
    }
  }
  return containers;
}

/// The id that a hook and the annotation share already, else the fresh one.
std::string settledId(const object& pod, const std::vector<object*>& containers,
                      std::string_view fresh) {
  const std::string_view annotated = kube::text(pod, {"metadata", "annotations", kGateAnnotation});
  const bool known = std::any_of(containers.begin(), containers.end(), [&](const object* one) {
    return !annotated.empty() && idIn(*one) == annotated;
  });
  return std::string(known ? annotated : fresh);
}

void checkWord(const object& pod, const std::string& id, Names& warnings) {
  const std::string_view word = wordOf(pod);
  if (!word.empty() && word != "on" && word != "off" && word != id) {
    warnings.push_back(
        fmt::format("{} is \"{}\", which is neither \"on\" nor \"off\": the pod has the gate",
                    kGateAnnotation, word));
  }
}

void checkQuietWish(const object& pod, Names& warnings) {
  const std::string_view wish = kube::text(pod, {"metadata", "annotations", kQuietAnnotation});
  if (!wish.empty() && !quietWishIsKnown(wish)) {
    warnings.push_back(fmt::format(
        "{} is \"{}\", which is neither \"true\" nor a duration such as \"10s\": connections are "
        "not waited for",
        kQuietAnnotation, wish));
  }
}

void annotate(object& pod, std::string_view key, const std::string& value) {
  object* annotations = kube::findObject(pod, {"metadata", "annotations"}) == nullptr
                            ? nullptr
                            : pod["metadata"].as_object()["annotations"].if_object();
  if (!value.empty()) {
    kube::ensureObject(pod, {"metadata", "annotations"})[key] = value;
  } else if (annotations != nullptr) {
    annotations->erase(key);
  }
}

void addHooks(const std::vector<object*>& containers, bool replace, const std::string& id,
              Injection& result) {
  for (object* container : containers) {
    const bool ours = !idIn(*container).empty();
    if (!ours && preStopOf(*container) != nullptr && (!replace || waitsItself(*container))) {
      if (!waitsItself(*container)) {
        result.keptOwnHook.emplace_back(kube::text(*container, {"name"}));
      }
      continue;
    }
    kube::ensureObject(*container, {"lifecycle"})["preStop"] = hookOf(id);
    result.injected.emplace_back(kube::text(*container, {"name"}));
  }
}

}  // namespace

bool isGated(const object& container) {
  return !idIn(container).empty();
}

std::string ungatedText(std::string_view containers) {
  return fmt::format(
      "container {} has a preStop hook of its own: its SIGTERM does not wait for the nodes. Remove "
      "the hook, annotate the pod {}=replace, or let it ask http://$HOST_IP:{}{}{} "
      "(docs/gate.md)",
      containers, kPreStopAnnotation, kAgentPort, kGatePath, kGateSelf);
}

Injection injectGate(object& pod, const Surroundings& around, std::string_view gateId) {
  Injection result;
  const std::vector<object*> containers = containersOf(pod);
  if (containers.empty() || optedOut(pod, around.ns) || outOfReach(pod)) {
    return result;
  }
  if (around.ns != nullptr && forbidsHookHosts(*around.ns, around.podSecurityMinor)) {
    result.warnings.push_back(hookHostsForbiddenText(*around.ns));
    return result;
  }
  const std::string id = settledId(pod, containers, gateId);
  checkWord(pod, id, result.warnings);
  checkQuietWish(pod, result.warnings);
  const bool replace =
      kube::text(pod, {"metadata", "annotations", kPreStopAnnotation}) == "replace";
  addHooks(containers, replace, id, result);
  if (!result.injected.empty()) {
    annotate(pod, kGateAnnotation, id);
  }
  const std::string kept = join(result.keptOwnHook, ",");
  annotate(pod, kUngatedAnnotation, kept);
  if (!kept.empty()) {
    result.warnings.push_back(ungatedText(kept));
  }
  return result;
}

}  // namespace hitless::drain
