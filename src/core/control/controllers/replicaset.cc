#include "core/control/controllers/replicaset.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/controllers/pods.h"

namespace hitless::control {
namespace {

using kube::res::kPods;
using kube::res::kReplicaSets;

constexpr std::string_view kReplicaFailure = "ReplicaFailure";

Outcome outcomeFor(const kube::ReplicaSet& set, bool creating) {
  return creating ? Outcome{refTo(kReplicaSets, set.meta),
                            "replicaset-controller",
                            "SuccessfulCreate",
                            "Created pod: ",
                            "FailedCreate",
                            "Error creating: "}
                  : Outcome{refTo(kReplicaSets, set.meta),
                            "replicaset-controller",
                            "SuccessfulDelete",
                            "Deleted pod: ",
                            "FailedDelete",
                            "Error deleting: "};
}

kube::json::object podFor(const kube::ReplicaSet& set) {
  kube::json::object metadata{{"generateName", set.meta.name + "-"}, {"namespace", set.meta.ns}};
  for (const std::string_view key : {"labels", "annotations", "finalizers"}) {
    if (const auto* value = kube::find(set.podTemplate, {"metadata", key})) {
      metadata.emplace(key, *value);
    }
  }
  const auto owner = controllerReference(kReplicaSets, set.meta);
  metadata.emplace("ownerReferences", kube::json::array{kube::toJson(owner)});
  const auto* spec = kube::findObject(set.podTemplate, {"spec"});
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", std::move(metadata)},
          {"spec", spec == nullptr ? kube::json::object{} : *spec}};
}

bool carriesAll(const kube::Labels& labels, const kube::Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&labels](const auto& label) {
    return valueOf(labels, label.first) == label.second;
  });
}

class Step {
 public:
  Step(const ReplicaSetState& state, WallTime now)
      : state_(state), set_(*state.replicaSet), now_(now) {}

  Actions run() {
    claimPods();
    if (!actions_.empty()) {
      return std::move(actions_);
    }
    missing_ = set_.replicas - static_cast<std::int64_t>(pods_.size());
    writeStatus();
    if (!set_.meta.terminating()) {
      manage();
    }
    return std::move(actions_);
  }

 private:
  void claimPods() {
    for (const Ref<kube::Pod>& pod : state_.pods) {
      if (!isActive(*pod)) {
        continue;
      }
      switch (claim(set_.meta, set_.selector, pod->meta)) {
        case Claim::kOurs:
          pods_.push_back(pod);
          break;
        case Claim::kAdopt:
          actions_.push_back(adopt(kPods, pod->meta, controllerReference(kReplicaSets, set_.meta)));
          break;
        case Claim::kRelease:
          actions_.push_back(release(kPods, pod->meta, set_.meta.uid));
          break;
        case Claim::kForeign:
          break;
      }
    }
  }

  void manage() {
    if (missing_ > 0) {
      const kube::json::object pod = podFor(set_);
      for (std::int64_t i = 0; i < std::min(missing_, kReplicaSetBurst); ++i) {
        actions_.push_back(Create{&kPods, pod, outcomeFor(set_, true)});
      }
    } else if (missing_ < 0) {
      auto victims = inDeletionOrder(pods_, state_.siblings);
      victims.resize(static_cast<std::size_t>(std::min(-missing_, kReplicaSetBurst)));
      for (const Ref<kube::Pod>& victim : victims) {
        actions_.push_back(Delete{refTo(kPods, victim->meta), {}, {}, outcomeFor(set_, false)});
      }
    }
  }

  void writeStatus() {
    kube::ReplicaSetStatus status;
    status.observedGeneration = set_.meta.generation;
    status.conditions = set_.status.conditions;
    status.replicas = static_cast<std::int64_t>(pods_.size());
    const kube::Labels wanted =
        kube::labelsOf(kube::findObject(set_.podTemplate, {"metadata", "labels"}));
    std::optional<WallTime> nextAvailable;
    for (const Ref<kube::Pod>& pod : pods_) {
      status.fullyLabeledReplicas += carriesAll(pod->meta.labels, wanted) ? 1 : 0;
      status.readyReplicas += pod->ready() ? 1 : 0;
      const auto at = availableAt(*pod, set_.minReadySeconds);
      if (at && *at <= now_) {
        ++status.availableReplicas;
      } else if (at) {
        nextAvailable = std::min(*at, nextAvailable.value_or(*at));
      }
    }
    reportFailure(status);
    if (status != set_.status) {
      actions_.push_back(
          Patch{refTo(kReplicaSets, set_.meta), "status", {{"status", kube::statusPatch(status)}}});
    }
    if (nextAvailable) {
      actions_.push_back(Requeue{*nextAvailable - now_});
    }
  }

  void reportFailure(kube::ReplicaSetStatus& status) const {
    const auto* before = kube::findCondition(status.conditions, kReplicaFailure);
    if (state_.failure && before == nullptr) {
      status.conditions.push_back({std::string(kReplicaFailure), "True",
                                   missing_ > 0 ? "FailedCreate" : "FailedDelete", *state_.failure,
                                   now_, std::nullopt});
    } else if (!state_.failure && before != nullptr) {
      std::erase_if(status.conditions,
                    [](const kube::Condition& c) { return c.type == kReplicaFailure; });
    }
  }

  const ReplicaSetState& state_;
  const kube::ReplicaSet& set_;
  const WallTime now_;
  std::vector<Ref<kube::Pod>> pods_;
  std::int64_t missing_ = 0;
  Actions actions_;
};

}  // namespace

Actions reconcile(const ReplicaSetState& state, WallTime now) {
  return Step(state, now).run();
}

}  // namespace hitless::control
