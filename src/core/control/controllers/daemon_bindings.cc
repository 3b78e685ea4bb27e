#include "core/control/controllers/bindings.h"
#include "core/control/controllers/concerns.h"
#include "core/control/controllers/daemon_set.h"

namespace hitless::control::bindings {
namespace {

/// Whether other daemons may belong on the node than before.
bool affectsDaemons(const Transition<NodeFacts>& node) {
  return node.before == nullptr || node.after == nullptr ||
         node.before->taints != node.after->taints ||
         node.before->node.meta.labels != node.after->node.meta.labels ||
         node.before->node.meta.terminating() != node.after->node.meta.terminating();
}

void daemonSetConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.daemonSet.after != nullptr) {
    keys.push_back(change.key);
  } else if (change.pod.any()) {
    addControllers(change.pod, "DaemonSet", keys);
    addAdopters(change.pod, cache.daemonSets(), keys);
  } else if (change.controllerRevision.any()) {
    addControllers(change.controllerRevision, "DaemonSet", keys);
    addAdopters(change.controllerRevision, cache.daemonSets(), keys);
  } else if (change.node.any() && affectsDaemons(change.node)) {
    for (const auto& [key, set] : cache.daemonSets().rows()) {
      keys.push_back(key);
    }
  }
}

void addPods(DaemonSetState& state, const std::vector<Ref<kube::Pod>>& pods, const Cache& cache) {
  for (const Ref<kube::Pod>& pod : pods) {
    const Known<kube::Pod>* known = cache.pods().find(pod->meta.key());
    state.pods.push_back({pod, nodeOf(*pod, *known->object)});
  }
}

void addNodes(DaemonSetState& state, const Cache& cache) {
  const PodPlacement placement = placementFor(*state.set);
  const std::string fixed(kube::text(state.set->podTemplate, {"spec", "nodeName"}));
  for (const auto& [name, facts] : cache.nodes().rows()) {
    if (!facts.value->node.meta.terminating()) {
      state.nodes.push_back(
          {name, eligibility(placement, fixed, facts.value->node, facts.value->taints), {}});
    }
  }
}

Actions reconcileDaemonSet(const std::string& key, const View& view) {
  const Cache& cache = view.cache;
  DaemonSetState state;
  state.set = cache.daemonSets().valueAt(key);
  if (state.set == nullptr) {
    return {};
  }
  const kube::ObjectMeta& meta = state.set->meta;
  addPods(state, cache.podsOf(meta.uid), cache);
  addPods(state, cache.freePods(meta.ns), cache);
  state.revisions = cache.revisionsOf(meta.uid);
  const auto freeRevisions = cache.freeRevisions(meta.ns);
  state.revisions.insert(state.revisions.end(), freeRevisions.begin(), freeRevisions.end());
  state.takenNames = revisionNamesOfOthers(cache, key, meta.uid);
  addNodes(state, cache);
  return reconcile(std::move(state), view.now);
}

}  // namespace

const Controller kDaemonSet{"daemonset", daemonSetConcerns, reconcileDaemonSet};

}  // namespace hitless::control::bindings
