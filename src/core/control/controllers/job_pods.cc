#include "core/control/controllers/job_pods.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;

constexpr std::string_view kIndex = "batch.kubernetes.io/job-completion-index";
constexpr std::string_view kIndexVariable = "JOB_COMPLETION_INDEX";

/// Every container learns the index from its environment.
void addIndexVariable(object& spec, std::string_view list) {
  kube::json::value* containers = spec.if_contains(list);
  if (containers == nullptr || !containers->is_array()) {
    return;
  }
  for (kube::json::value& entry : containers->get_array()) {
    object* container = entry.if_object();
    if (container == nullptr) {
      continue;
    }
    kube::json::value& variables = (*container)["env"];
    if (!variables.is_array()) {
      variables = array{};
    }
    variables.get_array().push_back(object{
        {"name", kIndexVariable},
        {"valueFrom",
         object{{"fieldRef",
                 object{{"apiVersion", "v1"},
                        {"fieldPath", fmt::format("metadata.annotations['{}']", kIndex)}}}}}});
  }
}

void giveIndex(const kube::Job& job, std::int64_t index, object& metadata, object& spec) {
  const std::string text = std::to_string(index);
  kube::ensureObject(metadata, {"annotations"})[kIndex] = text;
  kube::ensureObject(metadata, {"labels"})[kIndex] = text;
  spec["hostname"] = fmt::format("{}-{}", job.meta.name, index);
  addIndexVariable(spec, "containers");
  addIndexVariable(spec, "initContainers");
}

}  // namespace

object podFor(const kube::Job& job, std::optional<std::int64_t> index) {
  object metadata{
      {"generateName", index ? fmt::format("{}-{}-", job.meta.name, *index) : job.meta.name + "-"},
      {"namespace", job.meta.ns}};
  for (const std::string_view key : {"labels", "annotations", "finalizers"}) {
    if (const auto* value = kube::find(job.podTemplate, {"metadata", key})) {
      metadata.emplace(key, *value);
    }
  }
  kube::json::value& finalizers = metadata["finalizers"];
  if (!finalizers.is_array()) {
    finalizers = array{};
  }
  finalizers.get_array().push_back(kube::json::string(kTrackingFinalizer));
  const auto owner = controllerReference(kube::res::kJobs, job.meta);
  metadata.emplace("ownerReferences", array{kube::toJson(owner)});
  const object* source = kube::findObject(job.podTemplate, {"spec"});
  object spec = source == nullptr ? object{} : *source;
  if (index) {
    giveIndex(job, *index, metadata, spec);
  }
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)}};
}

std::optional<std::int64_t> indexOf(const kube::Pod& pod) {
  return parseInt(valueOf(pod.meta.annotations, kIndex));
}

bool isTracked(const kube::Pod& pod) {
  const auto& finalizers = pod.meta.finalizers;
  return std::find(finalizers.begin(), finalizers.end(), kTrackingFinalizer) != finalizers.end();
}

Patch untrack(const kube::Pod& pod) {
  array kept;
  for (const std::string& finalizer : pod.meta.finalizers) {
    if (finalizer != kTrackingFinalizer) {
      kept.push_back(kube::json::string(finalizer));
    }
  }
  kube::json::value finalizers = nullptr;
  if (!kept.empty()) {
    finalizers = std::move(kept);
  }
  return {refTo(kube::res::kPods, pod.meta),
          "",
          {{"metadata", object{{"finalizers", std::move(finalizers)}}}},
          pod.meta.resourceVersion};
}

bool hasSucceeded(const kube::Pod& pod) {
  return pod.phase == "Succeeded";
}

bool hasFailed(const kube::Job& job, const kube::Pod& pod) {
  return pod.phase == "Failed" ||
         (pod.meta.terminating() && !hasSucceeded(pod) && !job.replacesOnlyFailed);
}

WallTime nextCreation(const kube::Job& job, const std::vector<Ref<kube::Pod>>& pods) {
  constexpr seconds kFirst{10};
  constexpr seconds kLongest{360};
  WallTime lastSuccess = WallTime::min();
  for (const Ref<kube::Pod>& pod : pods) {
    if (hasSucceeded(*pod)) {
      lastSuccess = std::max(lastSuccess, pod->meta.creationTimestamp);
    }
  }
  std::int64_t failures = 0;
  WallTime last = WallTime::min();
  for (const Ref<kube::Pod>& pod : pods) {
    if (hasFailed(job, *pod) && pod->meta.creationTimestamp > lastSuccess) {
      ++failures;
      last = std::max(last, pod->meta.creationTimestamp);
    }
  }
  if (failures < 2) {
    return WallTime::min();
  }
  constexpr std::int64_t kMostDoublings = 6;
  const std::int64_t doublings = std::min(failures - 2, kMostDoublings);
  return last + std::min<seconds>(kFirst * (std::int64_t{1} << doublings), kLongest);
}

}  // namespace hitless::control
