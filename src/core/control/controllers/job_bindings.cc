#include "core/control/controllers/bindings.h"
#include "core/control/controllers/concerns.h"
#include "core/control/controllers/job.h"
#include "core/control/controllers/job_pods.h"

namespace hitless::control::bindings {
namespace {

void jobConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.job.after != nullptr) {
    keys.push_back(change.key);
  } else if (change.pod.any()) {
    addControllers(change.pod, "Job", keys);
    addAdopters(change.pod, cache.jobs(), keys);
  }
}

Actions reconcileJob(const std::string& key, const View& view) {
  JobState state;
  state.job = view.cache.jobs().valueAt(key);
  if (state.job == nullptr) {
    return {};
  }
  const kube::ObjectMeta& meta = state.job->meta;
  state.pods = view.cache.podsOf(meta.uid);
  for (const Ref<kube::Pod>& pod : view.cache.freePods(meta.ns)) {
    if (kube::matches(state.job->selector, pod->meta.labels)) {
      state.pods.push_back(pod);
    }
  }
  return reconcile(state, view.now);
}

// --- Pods whose Job is gone: nobody counts them any more -----------------------------------

bool isOrphan(const kube::Pod& pod, const Cache& cache) {
  const kube::OwnerReference* owner = pod.meta.controller();
  const bool hasJob =
      owner != nullptr && owner->kind == "Job" && cache.graph().find(owner->uid) != nullptr;
  return isTracked(pod) && !hasJob;
}

void jobOrphanConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.pod.after != nullptr && isOrphan(*change.pod.after, cache)) {
    keys.push_back(change.key);
  } else if (change.job.any() && change.deleted()) {
    for (const Ref<kube::Pod>& pod : cache.podsOf(change.meta.latest().uid)) {
      keys.push_back(pod->meta.key());
    }
  }
}

Actions reconcileJobOrphan(const std::string& key, const View& view) {
  const Ref<kube::Pod> pod = view.cache.pods().valueAt(key);
  if (pod == nullptr || !isOrphan(*pod, view.cache)) {
    return {};
  }
  return {untrack(*pod)};
}

}  // namespace

const Controller kJob{"job", jobConcerns, reconcileJob};
const Controller kJobOrphan{"job-orphan", jobOrphanConcerns, reconcileJobOrphan};

}  // namespace hitless::control::bindings
