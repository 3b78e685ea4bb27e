#include "core/control/controllers/daemon_set_plan.h"

#include <algorithm>

#include "core/control/controllers/pods.h"
#include "core/control/controllers/rollout_limits.h"
#include "core/control/controllers/template_revisions.h"

namespace hitless::control {
namespace {

using Pods = std::vector<Ref<kube::Pod>>;

Pods activeOf(const DaemonNode& node) {
  Pods out;
  std::copy_if(node.pods.begin(), node.pods.end(), std::back_inserter(out),
               [](const Ref<kube::Pod>& pod) { return isActive(*pod); });
  return out;
}

/// A node's pods by age of their template.
struct Pair {
  Ref<kube::Pod> old;
  Ref<kube::Pod> fresh;
};

class Planner {
 public:
  Planner(const kube::DaemonSet& set, const std::vector<DaemonNode>& nodes, const std::string& hash,
          WallTime now)
      : set_(set), nodes_(nodes), hash_(hash), now_(now) {
    const std::int64_t desired = std::count_if(
        nodes_.begin(), nodes_.end(), [](const DaemonNode& node) { return node.eligible.wanted; });
    surge_ = resolve(set_.maxSurge, desired, true);
    unavailable_ = resolve(set_.maxUnavailable, desired, true);
    if (surge_ == 0) {
      unavailable_ = std::max<std::int64_t>(unavailable_, 1);
    }
  }

  DaemonPlan run() {
    for (const DaemonNode& node : nodes_) {
      place(node);
    }
    if (plan_.empty() && !set_.onDelete) {
      surge_ > 0 ? surge() : replace();
    }
    return std::move(plan_);
  }

 private:
  bool available(const kube::Pod& pod) const {
    return isAvailable(pod, set_.minReadySeconds, now_);
  }

  bool fresh(const kube::Pod& pod) const {
    return valueOf(pod.meta.labels, kRevisionHashLabel) == hash_;
  }

  /// One pod where there should be one, none where there must not be one.
  void place(const DaemonNode& node) {
    if (node.eligible.wanted && node.pods.empty()) {
      plan_.create.push_back(node.name);
    }
    for (const Ref<kube::Pod>& pod : node.pods) {
      if (!pod->meta.terminating() && (!node.eligible.may || pod->finished())) {
        plan_.remove.push_back(pod);
      }
    }
    if (node.eligible.may) {
      prune(activeOf(node));
    }
  }

  /// Beside the oldest there may only be one of the present template that is to replace it.
  void prune(const Pods& active) {
    if (active.size() < 2) {
      return;
    }
    if (surge_ == 0) {
      plan_.remove.insert(plan_.remove.end(), active.begin() + 1, active.end());
      return;
    }
    Pair kept;
    for (const Ref<kube::Pod>& pod : active) {
      Ref<kube::Pod>& place = fresh(*pod) ? kept.fresh : kept.old;
      if (place == nullptr) {
        place = pod;
      } else {
        plan_.remove.push_back(pod);
      }
    }
    const bool both = kept.old != nullptr && kept.fresh != nullptr;
    if (both && (!kept.old->ready() || available(*kept.fresh))) {
      plan_.remove.push_back(kept.old);
    }
  }

  Pair pairOf(const Pods& active) const {
    Pair pair;
    for (const Ref<kube::Pod>& pod : active) {
      (fresh(*pod) ? pair.fresh : pair.old) = pod;
    }
    return pair;
  }

  /// Old pods go first. What is unavailable already costs nothing.
  void replace() {
    std::int64_t missing = 0;
    Pods candidates;
    for (const DaemonNode& node : nodes_) {
      if (!node.eligible.wanted) {
        continue;
      }
      const Pair pair = pairOf(activeOf(node));
      const Ref<kube::Pod>& pod = pair.fresh != nullptr ? pair.fresh : pair.old;
      const bool serves = pod != nullptr && available(*pod);
      missing += serves ? 0 : 1;
      if (pod != nullptr && pod == pair.old) {
        (serves ? candidates : plan_.remove).push_back(pod);
      }
    }
    const std::int64_t room = std::clamp<std::int64_t>(
        unavailable_ - missing, 0, static_cast<std::int64_t>(candidates.size()));
    plan_.remove.insert(plan_.remove.end(), candidates.begin(), candidates.begin() + room);
  }

  /// New pods come first, beside those that serve; prune() takes the old ones away.
  void surge() {
    std::int64_t surging = 0;
    std::vector<std::string> candidates;
    for (const DaemonNode& node : nodes_) {
      if (!node.eligible.wanted) {
        continue;
      }
      const Pods active = activeOf(node);
      const Pair pair = pairOf(active);
      if (pair.old != nullptr && pair.fresh == nullptr) {
        (available(*pair.old) ? candidates : plan_.create).push_back(node.name);
      } else if (pair.old != nullptr || active.size() < node.pods.size()) {
        ++surging;  // Two pods, of which one has still to come up or to go.
      }
    }
    const std::int64_t room =
        std::clamp<std::int64_t>(surge_ - surging, 0, static_cast<std::int64_t>(candidates.size()));
    plan_.create.insert(plan_.create.end(), candidates.begin(), candidates.begin() + room);
  }

  const kube::DaemonSet& set_;
  const std::vector<DaemonNode>& nodes_;
  const std::string& hash_;
  const WallTime now_;
  std::int64_t surge_ = 0;
  std::int64_t unavailable_ = 0;
  DaemonPlan plan_;
};

}  // namespace

DaemonPlan planDaemons(const kube::DaemonSet& set, const std::vector<DaemonNode>& nodes,
                       const std::string& hash, WallTime now) {
  return Planner(set, nodes, hash, now).run();
}

}  // namespace hitless::control
