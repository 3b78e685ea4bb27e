#include "core/control/controllers/daemon_set_pods.h"

#include <algorithm>
#include <array>

#include "core/control/controllers/ownership.h"
#include "core/control/controllers/template_revisions.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;

struct Tolerated {
  std::string_view key;
  std::string_view effect;
};

/// What the DaemonSet controller adds to every pod (pkg/controller/daemon/util): a node's own
/// troubles must not take its daemons away.
constexpr std::array<Tolerated, 6> kTolerated{{
    {"node.kubernetes.io/not-ready", "NoExecute"},
    {"node.kubernetes.io/unreachable", "NoExecute"},
    {"node.kubernetes.io/disk-pressure", "NoSchedule"},
    {"node.kubernetes.io/memory-pressure", "NoSchedule"},
    {"node.kubernetes.io/pid-pressure", "NoSchedule"},
    {kUnschedulableTaint, "NoSchedule"},
}};
constexpr Tolerated kHostNetworkTolerated{"node.kubernetes.io/network-unavailable", "NoSchedule"};

void tolerate(object& spec, const Tolerated& taint) {
  kube::json::value& list = spec["tolerations"];
  if (!list.is_array()) {
    list = array{};
  }
  const bool known = std::any_of(
      list.get_array().begin(), list.get_array().end(), [&taint](const kube::json::value& entry) {
        const object* given = entry.if_object();
        return given != nullptr && kube::text(*given, {"key"}) == taint.key &&
               kube::text(*given, {"effect"}) == taint.effect &&
               kube::text(*given, {"operator"}) == "Exists";
      });
  if (!known) {
    list.get_array().push_back(
        object{{"key", taint.key}, {"operator", "Exists"}, {"effect", taint.effect}});
  }
}

object specOf(const kube::DaemonSet& set) {
  const object* source = kube::findObject(set.podTemplate, {"spec"});
  object spec = source == nullptr ? object{} : *source;
  for (const Tolerated& taint : kTolerated) {
    tolerate(spec, taint);
  }
  if (kube::boolean(spec, {"hostNetwork"})) {
    tolerate(spec, kHostNetworkTolerated);
  }
  return spec;
}

/// Required affinity to one node, in place of what the template requires: that was decided when the
/// node was chosen.
void pinTo(const std::string& node, object& spec) {
  object& affinity = kube::ensureObject(spec, {"affinity", "nodeAffinity"});
  affinity["requiredDuringSchedulingIgnoredDuringExecution"] = object{
      {"nodeSelectorTerms",
       array{object{{"matchFields", array{object{{"key", "metadata.name"},
                                                 {"operator", "In"},
                                                 {"values", array{kube::json::string(node)}}}}}}}}};
}

}  // namespace

object podFor(const kube::DaemonSet& set, const std::string& hash, const std::string& node) {
  object metadata{{"generateName", set.meta.name + "-"}, {"namespace", set.meta.ns}};
  for (const std::string_view key : {"labels", "annotations", "finalizers"}) {
    if (const auto* value = kube::find(set.podTemplate, {"metadata", key})) {
      metadata.emplace(key, *value);
    }
  }
  kube::ensureObject(metadata, {"labels"})[kRevisionHashLabel] = hash;
  const auto owner = controllerReference(kube::res::kDaemonSets, set.meta);
  metadata.emplace("ownerReferences", array{kube::toJson(owner)});
  object spec = specOf(set);
  pinTo(node, spec);
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)}};
}

std::string nodeOf(const kube::Pod& pod, const object& source) {
  if (!pod.nodeName.empty()) {
    return pod.nodeName;
  }
  const PodPlacement placement = placementOf(source);
  if (!placement.requiredTerms || placement.requiredTerms->size() != 1) {
    return {};
  }
  const auto& fields = placement.requiredTerms->front().fields;
  return fields.size() == 1 && fields.front().values.size() == 1 ? fields.front().values.front()
                                                                 : std::string();
}

PodPlacement placementFor(const kube::DaemonSet& set) {
  return placementOf(object{{"spec", specOf(set)}});
}

Eligibility eligibility(const PodPlacement& placement, const std::string& fixedNode,
                        const kube::Node& node, const std::vector<Taint>& taints) {
  if ((!fixedNode.empty() && fixedNode != node.meta.name) || !placement.selects(node)) {
    return {};
  }
  const auto repels = [&](std::string_view effect) {
    return std::any_of(taints.begin(), taints.end(), [&](const Taint& taint) {
      return taint.effect == effect && !placement.tolerates(taint);
    });
  };
  const bool may = !repels("NoExecute");
  return {may && !repels("NoSchedule"), may};
}

}  // namespace hitless::control
