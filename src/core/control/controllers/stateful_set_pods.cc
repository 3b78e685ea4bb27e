#include "core/control/controllers/stateful_set_pods.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/control/controllers/template_revisions.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;
using kube::res::kPods;
using kube::res::kStatefulSets;

constexpr std::string_view kPodNameLabel = "statefulset.kubernetes.io/pod-name";
constexpr std::string_view kPodIndexLabel = "apps.kubernetes.io/pod-index";

object metadataFor(const kube::StatefulSet& set, const object& podTemplate,
                   const std::string& revision, std::int64_t ordinal) {
  const std::string name = podName(set, ordinal);
  object metadata{{"name", name}, {"namespace", set.meta.ns}};
  for (const std::string_view key : {"labels", "annotations", "finalizers"}) {
    if (const auto* value = kube::find(podTemplate, {"metadata", key})) {
      metadata.emplace(key, *value);
    }
  }
  object& labels = kube::ensureObject(metadata, {"labels"});
  labels[kRevisionHashLabel] = revision;
  labels[kPodNameLabel] = name;
  labels[kPodIndexLabel] = std::to_string(ordinal);
  const auto owner = controllerReference(kStatefulSets, set.meta);
  metadata.emplace("ownerReferences", array{kube::toJson(owner)});
  return metadata;
}

/// The claims take the place of volumes of the same name in the template.
void addClaims(const kube::StatefulSet& set, const std::string& pod, object& spec) {
  if (set.claimTemplates.empty()) {
    return;
  }
  array volumes;
  for (const std::string& claim : set.claimTemplates) {
    volumes.push_back(
        object{{"name", claim},
               {"persistentVolumeClaim", object{{"claimName", fmt::format("{}-{}", claim, pod)}}}});
  }
  if (const array* others = kube::findArray(spec, {"volumes"})) {
    for (const auto& other : *others) {
      const object* volume = other.if_object();
      const std::string_view name =
          volume == nullptr ? std::string_view{} : kube::text(*volume, {"name"});
      if (std::find(set.claimTemplates.begin(), set.claimTemplates.end(), name) ==
          set.claimTemplates.end()) {
        volumes.push_back(other);
      }
    }
  }
  spec["volumes"] = std::move(volumes);
}

std::string sentence(const kube::StatefulSet& set, std::string_view verb,
                     const std::string& podName) {
  return fmt::format("{} Pod {} in StatefulSet {}", verb, podName, set.meta.name);
}

/// "SuccessfulCreate" from "Successful" and "create".
std::string reasonOf(std::string_view outcome, std::string_view verb) {
  return fmt::format("{}{}", outcome, verb == "create" ? "Create" : "Delete");
}

}  // namespace

std::string podName(const kube::StatefulSet& set, std::int64_t ordinal) {
  return fmt::format("{}-{}", set.meta.name, ordinal);
}

std::string_view setNameOf(std::string_view podName) {
  const auto dash = podName.rfind('-');
  if (dash == std::string_view::npos || !parseUint(podName.substr(dash + 1))) {
    return {};
  }
  return podName.substr(0, dash);
}

std::optional<std::int64_t> ordinalOf(const kube::StatefulSet& set, std::string_view name) {
  if (setNameOf(name) != set.meta.name) {
    return std::nullopt;
  }
  const auto ordinal = parseInt(name.substr(set.meta.name.size() + 1));
  // "db-01" is somebody else's pod: no ordinal is written like that.
  return ordinal && podName(set, *ordinal) == name ? ordinal : std::nullopt;
}

object podFor(const kube::StatefulSet& set, const object& podTemplate, const std::string& revision,
              std::int64_t ordinal) {
  const object* source = kube::findObject(podTemplate, {"spec"});
  object spec = source == nullptr ? object{} : *source;
  const std::string name = podName(set, ordinal);
  spec["hostname"] = name;
  if (!set.serviceName.empty()) {
    spec["subdomain"] = set.serviceName;
  }
  addClaims(set, name, spec);
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", metadataFor(set, podTemplate, revision, ordinal)},
          {"spec", std::move(spec)}};
}

std::optional<Patch> identityPatch(const kube::StatefulSet& set, const kube::Pod& pod,
                                   std::int64_t ordinal) {
  const std::string index = std::to_string(ordinal);
  if (valueOf(pod.meta.labels, kPodNameLabel) == pod.meta.name &&
      valueOf(pod.meta.labels, kPodIndexLabel) == index) {
    return std::nullopt;
  }
  return Patch{refTo(kPods, pod.meta),
               "",
               {{"metadata", object{{"labels", object{{kPodNameLabel, podName(set, ordinal)},
                                                      {kPodIndexLabel, index}}}}}}};
}

Outcome failureOutcome(const kube::StatefulSet& set, std::string_view verb,
                       const std::string& podName) {
  return {refTo(kStatefulSets, set.meta),
          std::string(kStatefulSetController),
          {},
          {},
          reasonOf("Failed", verb),
          sentence(set, verb, podName) + " failed error: "};
}

EmitEvent successEvent(const kube::StatefulSet& set, std::string_view verb,
                       const std::string& podName) {
  return {refTo(kStatefulSets, set.meta), "Normal", reasonOf("Successful", verb),
          sentence(set, verb, podName) + " successful", std::string(kStatefulSetController)};
}

}  // namespace hitless::control
