#include "core/control/controllers/revisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/control/controllers/template_hash.h"

namespace hitless::control {
namespace {

/// Annotations of a Deployment that say something about itself and not about its ReplicaSets.
constexpr std::array<std::string_view, 6> kNotCopied{
    "kubectl.kubernetes.io/last-applied-configuration",
    kRevision,
    kRevisionHistory,
    kDesiredReplicas,
    kMaxReplicas,
    "deprecated.deployment.rollback.to"};

bool copied(std::string_view annotation) {
  return std::find(kNotCopied.begin(), kNotCopied.end(), annotation) == kNotCopied.end();
}

kube::json::object annotationsOfNew(const kube::Deployment& deployment, std::int64_t revision) {
  kube::json::object out;
  for (const auto& [key, value] : deployment.meta.annotations) {
    if (copied(key)) {
      out.emplace(key, value);
    }
  }
  out[kRevision] = std::to_string(revision);
  out[kDesiredReplicas] = std::to_string(deployment.replicas);
  out[kMaxReplicas] = std::to_string(deployment.replicas + limitsOf(deployment).surge);
  return out;
}

}  // namespace

Sets History::all() const {
  Sets sets = old;
  if (current != nullptr) {
    sets.push_back(current);
  }
  return sets;
}

History historyOf(const kube::Deployment& deployment, Sets sets) {
  std::sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) {
    return std::tie(a->meta.creationTimestamp, a->meta.name) <
           std::tie(b->meta.creationTimestamp, b->meta.name);
  });
  History history;
  for (Ref<kube::ReplicaSet>& set : sets) {
    // Two equal templates can only come from adoption; the older one wins, for good.
    if (history.current == nullptr && sameTemplate(set->podTemplate, deployment.podTemplate)) {
      history.current = std::move(set);
    } else {
      history.old.push_back(std::move(set));
    }
  }
  return history;
}

std::int64_t revisionOf(const kube::ReplicaSet& set) {
  return parseInt(valueOf(set.meta.annotations, kRevision)).value_or(0);
}

std::int64_t nextRevision(const History& history) {
  std::int64_t highest = 0;
  for (const Ref<kube::ReplicaSet>& set : history.old) {
    highest = std::max(highest, revisionOf(*set));
  }
  return highest + 1;
}

kube::Labels annotationChanges(const kube::Deployment& deployment, const kube::ReplicaSet& set,
                               std::int64_t revision) {
  kube::Labels changes;
  for (const auto& [key, value] : deployment.meta.annotations) {
    const auto it = set.meta.annotations.find(key);
    if (copied(key) && (it == set.meta.annotations.end() || it->second != value)) {
      changes.emplace(key, value);
    }
  }
  const std::string_view before = valueOf(set.meta.annotations, kRevision);
  if (revisionOf(set) < revision) {
    changes.emplace(kRevision, std::to_string(revision));
    if (!before.empty()) {
      const std::string_view history = valueOf(set.meta.annotations, kRevisionHistory);
      changes.emplace(kRevisionHistory, history.empty() ? std::string(before)
                                                        : fmt::format("{},{}", history, before));
    }
  }
  return changes;
}

kube::json::object newReplicaSet(const kube::Deployment& deployment, const std::string& hash,
                                 std::int64_t revision, std::int64_t replicas) {
  kube::json::object podTemplate = deployment.podTemplate;
  kube::json::object& labels = kube::ensureObject(podTemplate, {"metadata", "labels"});
  labels[kTemplateHashLabel] = hash;
  kube::LabelSelector selector = deployment.selector;
  selector.matchLabels[std::string(kTemplateHashLabel)] = hash;
  const auto owner = controllerReference(kube::res::kDeployments, deployment.meta);

  kube::json::object metadata{{"name", fmt::format("{}-{}", deployment.meta.name, hash)},
                              {"namespace", deployment.meta.ns},
                              {"labels", labels},
                              {"annotations", annotationsOfNew(deployment, revision)},
                              {"ownerReferences", kube::json::array{kube::toJson(owner)}}};
  kube::json::object spec{{"replicas", replicas},
                          {"selector", kube::toJson(selector)},
                          {"template", std::move(podTemplate)}};
  if (deployment.minReadySeconds > 0) {
    spec.emplace("minReadySeconds", deployment.minReadySeconds);
  }
  return {{"apiVersion", kube::res::kReplicaSets.apiVersion()},
          {"kind", kube::res::kReplicaSets.kind},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)}};
}

Sets beyondHistoryLimit(const kube::Deployment& deployment, const Sets& old) {
  Sets kept;
  for (const Ref<kube::ReplicaSet>& set : old) {
    if (!set->meta.terminating()) {
      kept.push_back(set);
    }
  }
  const auto count = static_cast<std::int64_t>(kept.size());
  if (!deployment.revisionHistoryLimit || count <= *deployment.revisionHistoryLimit) {
    return {};
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const auto& a, const auto& b) { return revisionOf(*a) < revisionOf(*b); });
  kept.resize(static_cast<std::size_t>(count - *deployment.revisionHistoryLimit));
  std::erase_if(kept, [](const Ref<kube::ReplicaSet>& set) {
    return set->replicas != 0 || set->status.replicas != 0 ||
           set->meta.generation > set->status.observedGeneration;
  });
  return kept;
}

}  // namespace hitless::control
