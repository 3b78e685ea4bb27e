#include "core/control/controllers/deployment.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/controllers/deployment_status.h"
#include "core/control/controllers/pods.h"
#include "core/control/controllers/revisions.h"
#include "core/control/controllers/template_hash.h"

namespace hitless::control {
namespace {

using kube::res::kDeployments;
using kube::res::kReplicaSets;

class Step {
 public:
  Step(const DeploymentState& state, WallTime now)
      : state_(state), deployment_(*state.deployment), now_(now), status_(deployment_.status) {}

  Actions run() {
    Sets ours = claimSets();
    if (!actions_.empty()) {
      return std::move(actions_);
    }
    history_ = historyOf(deployment_, std::move(ours));
    if (deployment_.meta.terminating()) {
      writeStatus(countedStatus(deployment_, history_, status_, now_));
      return std::move(actions_);
    }
    markPaused(deployment_, status_, now_);
    if (deployment_.paused || wantsScaling()) {
      settle();
    } else if (deployment_.rolling()) {
      rollingUpdate();
    } else {
      recreate();
    }
    return std::move(actions_);
  }

 private:
  // --- which ReplicaSets -------------------------------------------------------------------

  Sets claimSets() {
    Sets ours;
    for (const Ref<kube::ReplicaSet>& set : state_.replicaSets) {
      switch (claim(deployment_.meta, deployment_.selector, set->meta)) {
        case Claim::kOurs:
          ours.push_back(set);
          break;
        case Claim::kAdopt:
          actions_.push_back(
              adopt(kReplicaSets, set->meta, controllerReference(kDeployments, deployment_.meta)));
          break;
        case Claim::kRelease:
          actions_.push_back(release(kReplicaSets, set->meta, deployment_.meta.uid));
          break;
        case Claim::kForeign:
          break;
      }
    }
    return ours;
  }

  Sets active(const Sets& sets) const {
    Sets out;
    std::copy_if(sets.begin(), sets.end(), std::back_inserter(out),
                 [](const Ref<kube::ReplicaSet>& set) { return set->replicas > 0; });
    return out;
  }

  /// spec.replicas has changed since the ReplicaSets were last scaled.
  bool wantsScaling() const {
    const Sets sets = active(history_.all());
    return std::any_of(sets.begin(), sets.end(), [this](const Ref<kube::ReplicaSet>& set) {
      const std::string_view desired = valueOf(set->meta.annotations, kDesiredReplicas);
      return !desired.empty() && desired != std::to_string(deployment_.replicas);
    });
  }

  // --- the three ways to go ----------------------------------------------------------------

  /// Scaling and pausing: sizes may change, the template is not rolled out.
  void settle() {
    keepRevision();
    scaleAll();
    if (deployment_.paused) {
      cleanUp();
    }
    writeStatus(countedStatus(deployment_, history_, status_, now_));
  }

  void rollingUpdate() {
    if (!ensureCurrent()) {
      return;
    }
    const kube::ReplicaSet& current = *history_.current;
    const std::int64_t total = specReplicas(history_.all());
    if (!scale(history_.current, newSetSize(deployment_, current.replicas, total))) {
      const Sizes smaller = shrinkOld(deployment_, current, history_.old);
      for (const Sized& sized : smaller) {
        scale(sized.set, sized.replicas);
      }
      if (smaller.empty() && isComplete(deployment_, deployment_.status)) {
        cleanUp();
      }
    }
    reportProgress();
  }

  void recreate() {
    const Sets oldActive = active(history_.old);
    for (const Ref<kube::ReplicaSet>& set : oldActive) {
      scale(set, 0);
    }
    if (!oldActive.empty() || oldPodsRemain()) {
      keepRevision();
      reportProgress();
      return;
    }
    if (!ensureCurrent()) {
      return;
    }
    scale(history_.current, deployment_.replicas);
    if (isComplete(deployment_, deployment_.status)) {
      cleanUp();
    }
    reportProgress();
  }

  /// Recreate waits until the last process of the old version has ended, terminating ones included.
  bool oldPodsRemain() const {
    return std::any_of(state_.pods.begin(), state_.pods.end(), [this](const Ref<kube::Pod>& pod) {
      const kube::OwnerReference* owner = pod->meta.controller();
      const bool isNew = owner != nullptr && history_.current != nullptr &&
                         owner->uid == history_.current->meta.uid;
      return !isNew && !pod->finished();
    });
  }

  // --- the new ReplicaSet and its revision -------------------------------------------------

  /// False if this step ends here, because the new ReplicaSet is created or changed first.
  bool ensureCurrent() {
    if (history_.current == nullptr) {
      createCurrent();
      return false;
    }
    return keepRevision();
  }

  /// Keeps annotations, minReadySeconds and the Deployment's own revision in step.
  bool keepRevision() {
    if (history_.current == nullptr) {
      return true;
    }
    const kube::ReplicaSet& current = *history_.current;
    const std::int64_t revision = std::max(revisionOf(current), nextRevision(history_));
    const kube::Labels changes = annotationChanges(deployment_, current, nextRevision(history_));
    if (!changes.empty() || current.minReadySeconds != deployment_.minReadySeconds) {
      kube::json::object patch{{"spec", {{"minReadySeconds", deployment_.minReadySeconds}}}};
      if (!changes.empty()) {
        patch.emplace("metadata", kube::json::object{{"annotations", kube::toJson(changes)}});
      }
      actions_.push_back(Patch{refTo(kReplicaSets, current.meta), "", std::move(patch),
                               current.meta.resourceVersion});
      return false;
    }
    annotateRevision(revision);
    if (deployment_.progressDeadlineSeconds &&
        kube::findCondition(status_.conditions, "Progressing") == nullptr) {
      setCondition(
          status_.conditions,
          conditionNow("Progressing", "True", reason::kFound,
                       fmt::format("Found new replica set \"{}\"", current.meta.name), now_));
    }
    return true;
  }

  void createCurrent() {
    const std::string hash = templateHash(deployment_.podTemplate, status_.collisionCount);
    const std::string name = fmt::format("{}-{}", deployment_.meta.name, hash);
    if (std::find(state_.takenNames.begin(), state_.takenNames.end(), name) !=
        state_.takenNames.end()) {
      status_.collisionCount = status_.collisionCount.value_or(0) + 1;
      writeStatus(status_);
      return;
    }
    const std::int64_t revision = nextRevision(history_);
    const std::int64_t replicas = newSetSize(deployment_, 0, specReplicas(history_.old));
    actions_.push_back(Create{&kReplicaSets, newReplicaSet(deployment_, hash, revision, replicas)});
    announceScaling(name, 0, replicas);
    annotateRevision(revision);
    if (deployment_.progressDeadlineSeconds) {
      setCondition(status_.conditions,
                   conditionNow("Progressing", "True", reason::kCreated,
                                fmt::format("Created new replica set \"{}\"", name), now_));
    }
    // The counts wait for the next step: they would describe the old ReplicaSets as if they were
    // the rollout that observedGeneration names.
    writeStatus(status_);
  }

  void annotateRevision(std::int64_t revision) {
    const std::string text = std::to_string(revision);
    if (valueOf(deployment_.meta.annotations, kRevision) != text) {
      newRevision_ = text;
    }
  }

  // --- sizes -------------------------------------------------------------------------------

  void scaleAll() {
    const Sets sets = active(history_.all());
    if (sets.size() <= 1) {
      scaleOne(sets);
    } else if (saturated()) {
      for (const Ref<kube::ReplicaSet>& set : active(history_.old)) {
        scale(set, 0);
      }
    } else if (deployment_.rolling()) {
      for (const Sized& sized : proportional(deployment_, sets)) {
        scale(sized.set, sized.replicas);
      }
    }
  }

  /// The only active ReplicaSet, else the new one, else the latest old one.
  void scaleOne(const Sets& activeSets) {
    Ref<kube::ReplicaSet> set = history_.current;
    if (!activeSets.empty()) {
      set = activeSets.front();
    } else if (set == nullptr && !history_.old.empty()) {
      set = history_.old.back();
    }
    if (set != nullptr) {
      scale(set, deployment_.replicas);
    }
  }

  bool saturated() const {
    const kube::ReplicaSet* current = history_.current.get();
    return current != nullptr && current->replicas == deployment_.replicas &&
           current->status.availableReplicas == deployment_.replicas &&
           valueOf(current->meta.annotations, kDesiredReplicas) ==
               std::to_string(deployment_.replicas);
  }

  /// Writes the size and the annotations that remember for which spec it was chosen; true if the
  /// size changes.
  bool scale(const Ref<kube::ReplicaSet>& set, std::int64_t replicas) {
    const std::string desired = std::to_string(deployment_.replicas);
    const std::string most = std::to_string(deployment_.replicas + limitsOf(deployment_).surge);
    const bool resized = set->replicas != replicas;
    if (!resized && valueOf(set->meta.annotations, kDesiredReplicas) == desired &&
        valueOf(set->meta.annotations, kMaxReplicas) == most) {
      return false;
    }
    actions_.push_back(
        Patch{refTo(kReplicaSets, set->meta),
              "",
              {{"metadata", {{"annotations", {{kDesiredReplicas, desired}, {kMaxReplicas, most}}}}},
               {"spec", {{"replicas", replicas}}}},
              set->meta.resourceVersion});
    if (resized) {
      announceScaling(set->meta.name, set->replicas, replicas);
    }
    return resized;
  }

  void announceScaling(std::string_view name, std::int64_t from, std::int64_t to) {
    if (from != to) {
      actions_.push_back(EmitEvent{refTo(kDeployments, deployment_.meta), "Normal",
                                   "ScalingReplicaSet",
                                   fmt::format("Scaled {} replica set {} from {} to {}",
                                               to > from ? "up" : "down", name, from, to),
                                   "deployment-controller"});
    }
  }

  void cleanUp() {
    for (const Ref<kube::ReplicaSet>& set : beyondHistoryLimit(deployment_, history_.old)) {
      actions_.push_back(Delete{refTo(kReplicaSets, set->meta), {}, "Background"});
    }
  }

  // --- status ------------------------------------------------------------------------------

  void reportProgress() {
    kube::DeploymentStatus status = countedStatus(deployment_, history_, status_, now_);
    judgeProgress(deployment_, history_, status, now_);
    const auto wait = untilDeadline(deployment_, status, now_);
    writeStatus(std::move(status));
    if (wait) {
      actions_.push_back(Requeue{*wait});
    }
  }

  /// The revision goes with the status: a write to the object itself would count as a new
  /// generation, which rollouts would have to catch up with.
  void writeStatus(kube::DeploymentStatus status) {
    if (status == deployment_.status && newRevision_.empty()) {
      return;
    }
    kube::json::object patch{{"status", kube::statusPatch(status)}};
    if (!newRevision_.empty()) {
      kube::ensureObject(patch, {"metadata", "annotations"})[kRevision] = newRevision_;
    }
    actions_.push_back(Patch{refTo(kDeployments, deployment_.meta), "status", std::move(patch)});
  }

  const DeploymentState& state_;
  const kube::Deployment& deployment_;
  const WallTime now_;
  kube::DeploymentStatus status_;
  History history_;
  std::string newRevision_;  ///< Empty: the annotation is right.
  Actions actions_;
};

}  // namespace

Actions reconcile(const DeploymentState& state, WallTime now) {
  if (state.deployment->selector == kube::LabelSelector{}) {
    return {EmitEvent{refTo(kDeployments, state.deployment->meta), "Warning", "SelectingAll",
                      "This deployment is selecting all pods. A non-empty selector is required.",
                      "deployment-controller"}};
  }
  return Step(state, now).run();
}

}  // namespace hitless::control
