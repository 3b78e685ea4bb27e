#include "core/control/controllers/daemon_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/control/controllers/pods.h"

namespace hitless::control {
namespace {

using kube::res::kControllerRevisions;
using kube::res::kDaemonSets;
using kube::res::kPods;

constexpr const char* kComponent = "daemonset-controller";
/// At most so many pods are created or deleted in one step.
constexpr std::size_t kBurst = 250;

bool older(const Ref<kube::Pod>& a, const Ref<kube::Pod>& b) {
  return std::tie(a->meta.creationTimestamp, a->meta.name) <
         std::tie(b->meta.creationTimestamp, b->meta.name);
}

class Step {
 public:
  Step(DaemonSetState state, WallTime now)
      : state_(std::move(state)), set_(*state_.set), now_(now), status_(set_.status) {}

  Actions run() {
    claimPods();
    claimRevisions();
    if (!actions_.empty()) {
      return std::move(actions_);
    }
    const bool found = !set_.meta.terminating() && findRevision();
    if (found || set_.meta.terminating()) {
      countNodes();
      patchStatus();
    }
    if (found) {
      carryOut(planDaemons(set_, state_.nodes, present_.hash, now_));
      trimHistory();
    }
    return std::move(actions_);
  }

 private:
  Claimant self() const { return {kDaemonSets, set_.meta, set_.selector}; }

  void claimPods() {
    for (const DaemonPod& entry : state_.pods) {
      if (!isOurs(self(), kPods, entry.pod->meta, actions_)) {
        continue;
      }
      ours_.push_back(entry.pod);
      const auto node = std::find_if(state_.nodes.begin(), state_.nodes.end(),
                                     [&](const auto& n) { return n.name == entry.node; });
      if (node != state_.nodes.end()) {
        node->pods.push_back(entry.pod);
      }
    }
    for (DaemonNode& node : state_.nodes) {
      std::sort(node.pods.begin(), node.pods.end(), older);
    }
  }

  void claimRevisions() {
    for (const Ref<kube::ControllerRevision>& revision : state_.revisions) {
      if (isOurs(self(), kControllerRevisions, revision->meta, actions_)) {
        revisions_.push_back(revision);
      }
    }
  }

  /// False if this step ends here, because the revision of the template is written first.
  bool findRevision() {
    const std::int64_t collisions = status_.collisionCount.value_or(0);
    present_ =
        presentRevision({kDaemonSets, set_.meta, set_.podTemplate, kDaemonSetHash, collisions},
                        revisions_, state_.takenNames);
    if (present_.collides) {
      status_.collisionCount = collisions + 1;
      patchStatus();
      return false;
    }
    if (present_.action) {
      actions_.push_back(*std::move(present_.action));
      return false;
    }
    return true;
  }

  // --- status ------------------------------------------------------------------------------

  void countNodes() {
    kube::DaemonSetStatus counted;
    counted.observedGeneration = set_.meta.generation;
    counted.collisionCount = status_.collisionCount;
    for (const DaemonNode& node : state_.nodes) {
      if (node.eligible.wanted) {
        ++counted.desiredNumberScheduled;
        countPods(node, counted);
      } else if (!node.pods.empty()) {
        ++counted.numberMisscheduled;
      }
    }
    counted.numberUnavailable = counted.desiredNumberScheduled - counted.numberAvailable;
    status_ = counted;
    if (nextAvailable_) {
      actions_.push_back(Requeue{*nextAvailable_ - now_});
    }
  }

  /// The oldest pod stands for its node.
  void countPods(const DaemonNode& node, kube::DaemonSetStatus& counted) {
    for (const Ref<kube::Pod>& pod : node.pods) {
      const auto at = availableAt(*pod, set_.minReadySeconds);
      if (at && *at > now_) {
        nextAvailable_ = std::min(*at, nextAvailable_.value_or(*at));
      }
      if (pod != node.pods.front()) {
        continue;
      }
      const bool updated = valueOf(pod->meta.labels, kRevisionHashLabel) == present_.hash;
      ++counted.currentNumberScheduled;
      counted.numberReady += pod->ready() ? 1 : 0;
      counted.numberAvailable += at && *at <= now_ ? 1 : 0;
      counted.updatedNumberScheduled += updated ? 1 : 0;
    }
  }

  void patchStatus() {
    if (status_ != set_.status) {
      actions_.push_back(
          Patch{refTo(kDaemonSets, set_.meta), "status", {{"status", kube::statusPatch(status_)}}});
    }
  }

  // --- pods --------------------------------------------------------------------------------

  Outcome outcome(bool creating) const {
    return creating ? Outcome{refTo(kDaemonSets, set_.meta),
                              kComponent,
                              "SuccessfulCreate",
                              "Created pod: ",
                              "FailedCreate",
                              "Error creating: "}
                    : Outcome{refTo(kDaemonSets, set_.meta),
                              kComponent,
                              "SuccessfulDelete",
                              "Deleted pod: ",
                              "FailedDelete",
                              "Error deleting: "};
  }

  void carryOut(const DaemonPlan& plan) {
    for (std::size_t i = 0; i < std::min(plan.remove.size(), kBurst); ++i) {
      const kube::Pod& pod = *plan.remove[i];
      if (pod.finished()) {
        actions_.push_back(finishedEvent(pod));
      }
      actions_.push_back(Delete{refTo(kPods, pod.meta), {}, {}, outcome(false)});
    }
    for (std::size_t i = 0; i < std::min(plan.create.size(), kBurst); ++i) {
      actions_.push_back(
          Create{&kPods, podFor(set_, present_.hash, plan.create[i]), outcome(true)});
    }
  }

  EmitEvent finishedEvent(const kube::Pod& pod) const {
    const bool failed = pod.phase == "Failed";
    return {refTo(kDaemonSets, set_.meta), failed ? "Warning" : "Normal",
            failed ? "FailedDaemonPod" : "SucceededDaemonPod",
            fmt::format("Found {} daemon pod {} on node {}, will try to {} it",
                        failed ? "failed" : "succeeded", pod.meta.key(), pod.nodeName,
                        failed ? "kill" : "delete"),
            kComponent};
  }

  void trimHistory() {
    std::vector<std::string> inUse{present_.name};
    for (const Ref<kube::ControllerRevision>& revision : revisions_) {
      const std::string_view hash = valueOf(revision->meta.labels, kDaemonSetHash);
      const bool used = std::any_of(ours_.begin(), ours_.end(), [hash](const auto& pod) {
        return valueOf(pod->meta.labels, kRevisionHashLabel) == hash;
      });
      if (used) {
        inUse.push_back(revision->meta.name);
      }
    }
    for (const auto& revision : beyondHistoryLimit(revisions_, inUse, set_.revisionHistoryLimit)) {
      actions_.push_back(Delete{refTo(kControllerRevisions, revision->meta)});
    }
  }

  DaemonSetState state_;
  const kube::DaemonSet& set_;
  const WallTime now_;
  kube::DaemonSetStatus status_;
  std::optional<WallTime> nextAvailable_;
  std::vector<Ref<kube::Pod>> ours_;
  Revisions revisions_;
  PresentRevision present_;
  Actions actions_;
};

}  // namespace

Actions reconcile(DaemonSetState state, WallTime now) {
  return Step(std::move(state), now).run();
}

}  // namespace hitless::control
