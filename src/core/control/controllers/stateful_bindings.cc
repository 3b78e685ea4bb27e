#include "core/control/controllers/bindings.h"
#include "core/control/controllers/concerns.h"
#include "core/control/controllers/stateful_set.h"
#include "core/control/controllers/stateful_set_pods.h"

namespace hitless::control::bindings {
namespace {

/// A pod that is gone frees its name, for whoever wants it.
void addNamesake(const Change& change, const Cache& cache, Keys& keys) {
  const kube::ObjectMeta& meta = change.meta.latest();
  const std::string key = keyOf(meta.ns, setNameOf(meta.name));
  if (change.deleted() && cache.statefulSets().find(key) != nullptr) {
    keys.push_back(key);
  }
}

void statefulSetConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.statefulSet.after != nullptr) {
    keys.push_back(change.key);
  } else if (change.pod.any()) {
    addControllers(change.pod, "StatefulSet", keys);
    addAdopters(change.pod, cache.statefulSets(), keys);
    addNamesake(change, cache, keys);
  } else if (change.controllerRevision.any()) {
    addControllers(change.controllerRevision, "StatefulSet", keys);
    addAdopters(change.controllerRevision, cache.statefulSets(), keys);
  }
}

Actions reconcileStatefulSet(const std::string& key, const View& view) {
  const Cache& cache = view.cache;
  StatefulSetState state;
  state.set = cache.statefulSets().valueAt(key);
  if (state.set == nullptr) {
    return {};
  }
  const kube::ObjectMeta& meta = state.set->meta;
  state.pods = cache.podsOf(meta.uid);
  const auto freePods = cache.freePods(meta.ns);
  state.pods.insert(state.pods.end(), freePods.begin(), freePods.end());
  state.revisions = cache.revisionsOf(meta.uid);
  const auto freeRevisions = cache.freeRevisions(meta.ns);
  state.revisions.insert(state.revisions.end(), freeRevisions.begin(), freeRevisions.end());
  state.takenNames = revisionNamesOfOthers(cache, key, meta.uid);
  return reconcile(state, view.now);
}

}  // namespace

const Controller kStatefulSet{"statefulset", statefulSetConcerns, reconcileStatefulSet};

}  // namespace hitless::control::bindings
