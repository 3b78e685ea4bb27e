#include "core/control/controllers/stateful_set_plan.h"

#include <algorithm>

#include "core/control/controllers/pods.h"
#include "core/control/controllers/rollout_limits.h"
#include "core/control/controllers/template_revisions.h"

namespace hitless::control {
namespace {

/// At most so many pods are created in one step.
constexpr std::size_t kBurst = 500;

class Planner {
 public:
  Planner(const kube::StatefulSet& set, const Members& members, const std::string& update,
          WallTime now)
      : set_(set), members_(members), update_(update), now_(now) {}

  PodPlan run() {
    if (bringUp() && plan_.empty() && takeDown() && plan_.empty() && !set_.onDelete) {
      replace();
    }
    return std::move(plan_);
  }

 private:
  using Ordinal = std::int64_t;

  const kube::Pod* at(Ordinal ordinal) const {
    const auto it = members_.find(ordinal);
    return it == members_.end() ? nullptr : it->second.get();
  }

  bool healthy(const kube::Pod& pod) const {
    return !pod.meta.terminating() && isServing(set_, pod, now_);
  }

  bool outdated(const kube::Pod& pod) const {
    return !pod.meta.terminating() && valueOf(pod.meta.labels, kRevisionHashLabel) != update_;
  }

  /// The pods that there should be. False: the order forbids to go on.
  bool bringUp() {
    for (Ordinal ordinal = set_.firstOrdinal; set_.wants(ordinal); ++ordinal) {
      const kube::Pod* pod = at(ordinal);
      if (pod == nullptr) {
        plan_.create.push_back(ordinal);
        if (plan_.create.size() == kBurst) {
          return false;
        }
      } else if (pod->finished() && !pod->meta.terminating()) {
        plan_.remove.push_back({members_.at(ordinal), true});
      }
      if (set_.ordered && (pod == nullptr || !healthy(*pod))) {
        return false;
      }
    }
    return true;
  }

  /// The pods that there should not be, highest ordinal first.
  bool takeDown() {
    const Ordinal lowestUnhealthy = lowestUnhealthySurplus();
    for (auto it = members_.rbegin(); it != members_.rend(); ++it) {
      const auto& [ordinal, pod] = *it;
      if (set_.wants(ordinal)) {
        continue;
      }
      // One that has ended by itself serves nobody: nothing is gained by keeping it.
      const bool waits = !healthy(*pod) && !pod->finished() && ordinal != lowestUnhealthy;
      if (set_.ordered && (pod->meta.terminating() || waits)) {
        return false;
      }
      if (!pod->meta.terminating()) {
        plan_.remove.push_back({pod, false});
        if (set_.ordered) {
          return false;
        }
      }
    }
    return true;
  }

  Ordinal lowestUnhealthySurplus() const {
    for (const auto& [ordinal, pod] : members_) {
      if (!set_.wants(ordinal) && !healthy(*pod)) {
        return ordinal;
      }
    }
    return -1;
  }

  void replace() {
    const std::int64_t most =
        std::max<std::int64_t>(resolve(set_.maxUnavailable, set_.replicas, true), 1);
    if (most == 1) {
      replaceOne();
    } else {
      replaceSeveral(most);
    }
  }

  Ordinal last() const { return set_.firstOrdinal + set_.replicas - 1; }
  Ordinal lowestToReplace() const { return set_.firstOrdinal + set_.partition; }

  /// The first from above that is of an old revision, unless one above it is not available yet.
  void replaceOne() {
    for (Ordinal ordinal = last(); ordinal >= lowestToReplace(); --ordinal) {
      const kube::Pod& pod = *at(ordinal);
      if (outdated(pod)) {
        plan_.remove.push_back({members_.at(ordinal), false});
        return;
      }
      if (!healthy(pod)) {
        return;
      }
    }
  }

  /// KEP-961: as many as maxUnavailable leaves room for. What is unavailable already costs nothing.
  void replaceSeveral(std::int64_t most) {
    std::int64_t unavailable = 0;
    for (Ordinal ordinal = set_.firstOrdinal; ordinal <= last(); ++ordinal) {
      unavailable += healthy(*at(ordinal)) ? 0 : 1;
    }
    for (Ordinal ordinal = last(); ordinal >= lowestToReplace(); --ordinal) {
      const kube::Pod& pod = *at(ordinal);
      if (!outdated(pod)) {
        continue;
      }
      if (healthy(pod)) {
        if (unavailable >= most) {
          return;
        }
        ++unavailable;
      }
      plan_.remove.push_back({members_.at(ordinal), false});
    }
  }

  const kube::StatefulSet& set_;
  const Members& members_;
  const std::string& update_;
  const WallTime now_;
  PodPlan plan_;
};

}  // namespace

PodPlan planPods(const kube::StatefulSet& set, const Members& members, const std::string& update,
                 WallTime now) {
  return Planner(set, members, update, now).run();
}

const std::string& revisionFor(const kube::StatefulSet& set, const RolloutRevisions& revisions,
                               std::int64_t ordinal) {
  const bool kept = !set.onDelete && ordinal < set.firstOrdinal + set.partition;
  return kept ? revisions.current : revisions.update;
}

bool isServing(const kube::StatefulSet& set, const kube::Pod& pod, WallTime now) {
  return pod.phase == "Running" && isAvailable(pod, set.minReadySeconds, now);
}

}  // namespace hitless::control
