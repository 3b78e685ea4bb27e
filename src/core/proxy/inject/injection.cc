#include "core/proxy/inject/injection.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/drain/gate_hook.h"
#include "core/proxy/inject/asks.h"
#include "core/proxy/inject/containers.h"
#include "core/proxy/inject/names.h"
#include "core/proxy/inject/probes.h"
#include "core/proxy/inject/record.h"
#include "core/proxy/inject/warnings.h"

namespace hitless::proxy::inject {
namespace {

namespace json = kube::json;

constexpr std::string_view kGated = "--gated";

bool isOurs(const json::value& element) {
  const json::object* container = element.if_object();
  const std::string_view name = container == nullptr ? "" : kube::text(*container, {"name"});
  return name == kProxyContainer || name == kRedirectContainer;
}

std::optional<Record> recordOf(const json::object& pod) {
  const auto* annotation = kube::find(pod, {"metadata", "annotations", kRecord});
  return annotation == nullptr || !annotation->is_string()
             ? std::nullopt
             : Record::parse(annotation->get_string());
}

/// Adds an array where there is none, or null.
void ensureArray(json::object& holder, std::string_view key) {
  if (kube::findArray(holder, {key}) == nullptr) {
    holder[key].emplace_array();
  }
}

void addContainers(json::object& spec, const Wishes& wishes, const ContainerOptions& options) {
  ensureArray(spec, "initContainers");
  json::array& init = spec.at("initContainers").as_array();
  json::array& main = spec.at("containers").as_array();
  json::object proxy = proxyContainer(wishes, options);
  if (wishes.form == Wishes::Form::kNative) {
    // First of all, so that the pod's own init containers find both working.
    init.insert(init.begin(), redirectContainer(wishes, options));
    init.insert(init.begin() + 1, std::move(proxy));
    return;
  }
  // Last, so that the pod's own init containers reach others while there is no proxy yet.
  init.push_back(redirectContainer(wishes, options));
  main.insert(wishes.holdApplication ? main.begin() : main.end(), std::move(proxy));
}

void removeContainers(json::object& spec) {
  for (const std::string_view list : {"initContainers", "containers"}) {
    if (auto it = spec.find(list); it != spec.end() && it->value().is_array()) {
      json::array& containers = it->value().get_array();
      containers.erase(std::remove_if(containers.begin(), containers.end(), isOurs),
                       containers.end());
    }
  }
}

/// The proxy among the ordinary containers; nullptr if it is none of them.
json::object* ordinaryProxy(json::object& pod) {
  if (kube::findArray(pod, {"spec", "containers"}) == nullptr) {
    return nullptr;
  }
  for (json::value& element : pod.at("spec").as_object().at("containers").as_array()) {
    json::object* container = element.if_object();
    if (container != nullptr && kube::text(*container, {"name"}) == kProxyContainer) {
      return container;
    }
  }
  return nullptr;
}

}  // namespace

Injection injectSidecar(json::object& pod, const Options& options) {
  Injection out;
  if (recordOf(pod)) {
    out.injected = true;
    return out;
  }
  Answer answer = asksForProxy(pod, options);
  if (!answer.warning.empty()) {
    out.warnings.push_back(std::move(answer.warning));
  }
  if (!answer.yes) {
    return out;
  }
  const Wishes wishes = wishesOf(pod, out.warnings);
  addWarnings(pod, wishes, out.warnings);
  Record record;
  record.metadata = before(pod, "metadata");
  kube::ensureObject(pod, {"metadata"});
  json::object& metadata = pod.at("metadata").as_object();
  json::object& spec = pod.at("spec").as_object();
  record.annotations = before(metadata, "annotations");
  record.initContainers = before(spec, "initContainers");
  rewriteProbes(pod, wishes, record);
  addContainers(spec, wishes,
                {wishes.image.empty() ? options.image : wishes.image, graceSeconds(pod)});
  kube::ensureObject(metadata, {"annotations"})[kRecord] = record.text();
  out.injected = true;
  return out;
}

bool removeSidecar(json::object& pod) {
  const auto record = recordOf(pod);
  if (!record || kube::findObject(pod, {"spec"}) == nullptr) {
    return false;
  }
  // By at(): operator[] may move what an object holds.
  json::object& spec = pod.at("spec").as_object();
  json::object& metadata = pod.at("metadata").as_object();
  removeContainers(spec);
  restore(spec, "initContainers", record->initContainers);
  restoreProbes(pod, *record);
  metadata.at("annotations").as_object().stable_erase(kRecord);
  restore(metadata, "annotations", record->annotations);
  restore(pod, "metadata", record->metadata);
  return true;
}

void tellOfGate(json::object& pod) {
  json::object* proxy = recordOf(pod) ? ordinaryProxy(pod) : nullptr;
  if (proxy == nullptr) {
    return;
  }
  ensureArray(*proxy, "args");
  json::array& args = proxy->at("args").as_array();
  args.erase(std::remove(args.begin(), args.end(), json::value(kGated)), args.end());
  if (drain::isGated(*proxy)) {
    args.emplace_back(kGated);
  }
}

}  // namespace hitless::proxy::inject
