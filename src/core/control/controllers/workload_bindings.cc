#include "core/control/controllers/bindings.h"
#include "core/control/controllers/concerns.h"
#include "core/control/controllers/deployment.h"
#include "core/control/controllers/replicaset.h"

namespace hitless::control::bindings {
namespace {

// --- Deployment ----------------------------------------------------------------------------

/// A Recreate rollout waits for the last old pod.
void addWaitingForPod(const Transition<kube::Pod>& pod, const Cache& cache, Keys& keys) {
  const bool gone = pod.after == nullptr || pod.after->finished();
  const kube::OwnerReference* owner = pod.latest().meta.controller();
  if (!gone || owner == nullptr) {
    return;
  }
  const auto set = cache.replicaSets().valueAt(keyOf(pod.latest().meta.ns, owner->name));
  const kube::OwnerReference* top = set == nullptr ? nullptr : set->meta.controller();
  if (top == nullptr) {
    return;
  }
  const std::string key = keyOf(set->meta.ns, top->name);
  const auto deployment = cache.deployments().valueAt(key);
  if (deployment != nullptr && !deployment->rolling()) {
    keys.push_back(key);
  }
}

void deploymentConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.deployment.after != nullptr) {
    keys.push_back(change.key);
  } else if (change.replicaSet.any()) {
    addControllers(change.replicaSet, "Deployment", keys);
    addAdopters(change.replicaSet, cache.deployments(), keys);
  } else if (change.pod.any()) {
    addWaitingForPod(change.pod, cache, keys);
  }
}

Actions reconcileDeployment(const std::string& key, const View& view) {
  const Cache& cache = view.cache;
  DeploymentState state;
  state.deployment = cache.deployments().valueAt(key);
  if (state.deployment == nullptr) {
    return {};
  }
  const kube::ObjectMeta& meta = state.deployment->meta;
  state.replicaSets = cache.replicaSetsOf(meta.uid);
  if (!state.deployment->rolling()) {
    for (const Ref<kube::ReplicaSet>& set : state.replicaSets) {
      const auto pods = cache.podsOf(set->meta.uid);
      state.pods.insert(state.pods.end(), pods.begin(), pods.end());
    }
  }
  const auto free = cache.freeReplicaSets(meta.ns);
  state.replicaSets.insert(state.replicaSets.end(), free.begin(), free.end());
  cache.replicaSets().forEachWithPrefix(
      key + "-", [&](const std::string&, const Known<kube::ReplicaSet>& set) {
        const kube::OwnerReference* owner = set.value->meta.controller();
        if (owner == nullptr || owner->uid != meta.uid) {
          state.takenNames.push_back(set.value->meta.name);
        }
      });
  return reconcile(state, view.now);
}

// --- ReplicaSet ----------------------------------------------------------------------------

void replicaSetConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.replicaSet.after != nullptr) {
    keys.push_back(change.key);
  } else if (change.pod.any()) {
    addControllers(change.pod, "ReplicaSet", keys);
    addAdopters(change.pod, cache.replicaSets(), keys);
  }
}

std::vector<Ref<kube::Pod>> siblingsOf(const kube::ReplicaSet& set, const Cache& cache) {
  const kube::OwnerReference* owner = set.meta.controller();
  if (owner == nullptr) {
    return cache.podsOf(set.meta.uid);
  }
  std::vector<Ref<kube::Pod>> out;
  for (const Ref<kube::ReplicaSet>& sibling : cache.replicaSetsOf(owner->uid)) {
    const auto pods = cache.podsOf(sibling->meta.uid);
    out.insert(out.end(), pods.begin(), pods.end());
  }
  return out;
}

Actions reconcileReplicaSet(const std::string& key, const View& view) {
  ReplicaSetState state;
  state.replicaSet = view.cache.replicaSets().valueAt(key);
  if (state.replicaSet == nullptr) {
    return {};
  }
  const kube::ReplicaSet& set = *state.replicaSet;
  state.pods = view.cache.podsOf(set.meta.uid);
  if (static_cast<std::int64_t>(state.pods.size()) > set.replicas) {
    state.siblings = siblingsOf(set, view.cache);
  }
  for (const Ref<kube::Pod>& pod : view.cache.freePods(set.meta.ns)) {
    if (kube::matches(set.selector, pod->meta.labels)) {
      state.pods.push_back(pod);
    }
  }
  if (view.failure != nullptr && view.failure->ofPods) {
    state.failure = view.failure->message;
  }
  return reconcile(state, view.now);
}

}  // namespace

const Controller kDeployment{"deployment", deploymentConcerns, reconcileDeployment};
const Controller kReplicaSet{"replicaset", replicaSetConcerns, reconcileReplicaSet};

}  // namespace hitless::control::bindings
