#include "core/control/controllers/stateful_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/controllers/pods.h"
#include "core/control/controllers/stateful_set_plan.h"
#include "core/control/controllers/stateful_set_pods.h"

namespace hitless::control {
namespace {

using kube::res::kControllerRevisions;
using kube::res::kPods;
using kube::res::kStatefulSets;

class Step {
 public:
  Step(const StatefulSetState& state, WallTime now)
      : state_(state), set_(*state.set), now_(now), status_(set_.status) {}

  Actions run() {
    claimPods();
    claimRevisions();
    if (!actions_.empty()) {
      return std::move(actions_);
    }
    if (set_.meta.terminating() || findRevisions()) {
      writeStatus();
    }
    if (!set_.meta.terminating() && !names_.update.empty()) {
      giveIdentity();
      carryOut(planPods(set_, members_, names_.update, now_));
      trimHistory();
    }
    return std::move(actions_);
  }

 private:
  Claimant self() const { return {kStatefulSets, set_.meta, set_.selector}; }

  void claimPods() {
    for (const Ref<kube::Pod>& pod : state_.pods) {
      const auto ordinal = ordinalOf(set_, pod->meta.name);
      if (ordinal && isOurs(self(), kPods, pod->meta, actions_)) {
        members_.emplace(*ordinal, pod);
      }
    }
  }

  void claimRevisions() {
    for (const Ref<kube::ControllerRevision>& revision : state_.revisions) {
      if (isOurs(self(), kControllerRevisions, revision->meta, actions_)) {
        revisions_.push_back(revision);
      }
    }
  }

  const kube::ControllerRevision* revisionNamed(std::string_view name) const {
    const auto it = std::find_if(revisions_.begin(), revisions_.end(),
                                 [name](const auto& r) { return r->meta.name == name; });
    return it == revisions_.end() ? nullptr : it->get();
  }

  /// False if this step ends here, because the revision of the template is written first.
  bool findRevisions() {
    const std::int64_t collisions = status_.collisionCount.value_or(0);
    PresentRevision present =
        presentRevision({kStatefulSets, set_.meta, set_.podTemplate, kStatefulSetHash, collisions},
                        revisions_, state_.takenNames);
    status_.collisionCount = collisions + (present.collides ? 1 : 0);
    if (present.action) {
      actions_.push_back(*std::move(present.action));
      return false;
    }
    if (present.collides) {
      patchStatus();
      return false;
    }
    names_.update = present.name;
    names_.current =
        revisionNamed(status_.currentRevision) == nullptr ? present.name : status_.currentRevision;
    return true;
  }

  // --- status ------------------------------------------------------------------------------

  void writeStatus() {
    status_.observedGeneration = set_.meta.generation;
    if (!names_.update.empty()) {
      status_.currentRevision = names_.current;
      status_.updateRevision = names_.update;
    }
    countPods();
    const bool complete = status_.updatedReplicas == status_.replicas &&
                          status_.readyReplicas == status_.replicas &&
                          status_.replicas == set_.replicas;
    if (!set_.onDelete && complete) {
      status_.currentReplicas = status_.updatedReplicas;
      status_.currentRevision = status_.updateRevision;
      names_.current = names_.update;
    }
    patchStatus();
  }

  void countPods() {
    status_.replicas = static_cast<std::int64_t>(members_.size());
    status_.readyReplicas = status_.availableReplicas = 0;
    status_.currentReplicas = status_.updatedReplicas = 0;
    std::optional<WallTime> next;
    for (const auto& [ordinal, pod] : members_) {
      const auto at = pod->phase == "Running" ? availableAt(*pod, set_.minReadySeconds)
                                              : std::optional<WallTime>{};
      status_.readyReplicas += pod->phase == "Running" && pod->ready() ? 1 : 0;
      status_.availableReplicas += at && *at <= now_ ? 1 : 0;
      if (at && *at > now_) {
        next = std::min(*at, next.value_or(*at));
      }
      if (!pod->meta.terminating()) {
        const std::string_view revision = valueOf(pod->meta.labels, kRevisionHashLabel);
        status_.currentReplicas += revision == status_.currentRevision ? 1 : 0;
        status_.updatedReplicas += revision == status_.updateRevision ? 1 : 0;
      }
    }
    if (next) {
      actions_.push_back(Requeue{*next - now_});
    }
  }

  void patchStatus() {
    if (status_ != set_.status) {
      actions_.push_back(Patch{
          refTo(kStatefulSets, set_.meta), "status", {{"status", kube::statusPatch(status_)}}});
    }
  }

  // --- pods --------------------------------------------------------------------------------

  void giveIdentity() {
    for (const auto& [ordinal, pod] : members_) {
      if (auto patch = identityPatch(set_, *pod, ordinal); patch && isActive(*pod)) {
        actions_.push_back(*std::move(patch));
      }
    }
  }

  kube::json::object templateFor(const std::string& revision) const {
    const kube::ControllerRevision* held = revisionNamed(revision);
    const auto found =
        held == nullptr || revision == names_.update ? std::nullopt : templateOf(*held);
    return found ? *found : set_.podTemplate;
  }

  void carryOut(const PodPlan& plan) {
    for (const PodPlan::Removal& removal : plan.remove) {
      const std::string& name = removal.pod->meta.name;
      if (removal.finished) {
        actions_.push_back(recreating(*removal.pod));
      }
      actions_.push_back(
          Delete{refTo(kPods, removal.pod->meta), {}, {}, failureOutcome(set_, "delete", name)});
      actions_.push_back(successEvent(set_, "delete", name));
    }
    for (const std::int64_t ordinal : plan.create) {
      const std::string& revision = revisionFor(set_, names_, ordinal);
      const std::string name = podName(set_, ordinal);
      actions_.push_back(Create{&kPods, podFor(set_, templateFor(revision), revision, ordinal),
                                failureOutcome(set_, "create", name)});
      actions_.push_back(successEvent(set_, "create", name));
    }
  }

  EmitEvent recreating(const kube::Pod& pod) const {
    const bool failed = pod.phase == "Failed";
    return {refTo(kStatefulSets, set_.meta), failed ? "Warning" : "Normal",
            failed ? "RecreatingFailedPod" : "RecreatingTerminatedPod",
            fmt::format("StatefulSet {}/{} is recreating {} Pod {}", set_.meta.ns, set_.meta.name,
                        failed ? "failed" : "terminated", pod.meta.name),
            std::string(kStatefulSetController)};
  }

  void trimHistory() {
    std::vector<std::string> inUse{names_.current, names_.update};
    for (const auto& [ordinal, pod] : members_) {
      inUse.emplace_back(valueOf(pod->meta.labels, kRevisionHashLabel));
    }
    for (const auto& revision : beyondHistoryLimit(revisions_, inUse, set_.revisionHistoryLimit)) {
      actions_.push_back(Delete{refTo(kControllerRevisions, revision->meta)});
    }
  }

  const StatefulSetState& state_;
  const kube::StatefulSet& set_;
  const WallTime now_;
  kube::StatefulSetStatus status_;
  Members members_;
  Revisions revisions_;
  RolloutRevisions names_;
  Actions actions_;
};

}  // namespace

Actions reconcile(const StatefulSetState& state, WallTime now) {
  return Step(state, now).run();
}

}  // namespace hitless::control
