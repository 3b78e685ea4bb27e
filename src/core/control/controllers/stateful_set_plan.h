#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/kube/stateful_set.h"

/// Which pods of a StatefulSet come and go next: the order that it promises.
namespace hitless::control {

/// Its pods by ordinal.
using Members = std::map<std::int64_t, Ref<kube::Pod>>;

/// What a StatefulSet's rollout goes from and to.
struct RolloutRevisions {
  std::string current;
  std::string update;
};

struct PodPlan {
  struct Removal {
    Ref<kube::Pod> pod;
    bool finished = false;  ///< It has ended by itself and is to be run again.
  };
  std::vector<std::int64_t> create;
  std::vector<Removal> remove;

  bool empty() const { return create.empty() && remove.empty(); }
};

/// With OrderedReady at most one step: ordinals come up in order, each when all before it are
/// available; they go down in reverse order, each when the one after it is gone. Updates go from
/// the highest ordinal down to the partition and wait until what was replaced is available,
/// whatever the policy. A pod that is terminating still has its name; it is never created a second
/// time before its object is gone.
PodPlan planPods(const kube::StatefulSet& set, const Members& members, const std::string& update,
                 WallTime now);

/// The revision that a new pod is made from: ordinals below the partition stay with the current
/// one.
const std::string& revisionFor(const kube::StatefulSet& set, const RolloutRevisions& revisions,
                               std::int64_t ordinal);

/// Running and Ready, for long enough.
bool isServing(const kube::StatefulSet& set, const kube::Pod& pod, WallTime now);

}  // namespace hitless::control
