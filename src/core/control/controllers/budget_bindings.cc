#include <fmt/format.h>

#include <map>

#include "core/control/controllers/bindings.h"
#include "core/control/controllers/disruption.h"

namespace hitless::control::bindings {
namespace {

void addBudgets(const std::string& ns, const Cache& cache, Keys& keys,
                const std::function<bool(const kube::PodDisruptionBudget&)>& concerned) {
  cache.budgets().forEachWithPrefix(
      ns + "/", [&](const std::string& key, const Known<kube::PodDisruptionBudget>& budget) {
        if (concerned(*budget.value)) {
          keys.push_back(key);
        }
      });
}

/// Another number of pods is wanted: what "25%" means changes with it.
template <class T>
bool rescaled(const Transition<T>& change) {
  return change.any() && (change.before == nullptr || change.after == nullptr ||
                          change.before->replicas != change.after->replicas);
}

void disruptionConcerns(const Change& change, const Cache& cache, Keys& keys) {
  const std::string& ns = change.meta.latest().ns;
  if (change.budget.after != nullptr) {
    keys.push_back(change.key);
  } else if (change.pod.any()) {
    addBudgets(ns, cache, keys, [&change](const kube::PodDisruptionBudget& budget) {
      return (change.pod.before != nullptr && budget.covers(change.pod.before->meta.labels)) ||
             (change.pod.after != nullptr && budget.covers(change.pod.after->meta.labels));
    });
  } else if (rescaled(change.deployment) || rescaled(change.replicaSet) ||
             rescaled(change.statefulSet)) {
    addBudgets(ns, cache, keys, [](const kube::PodDisruptionBudget&) { return true; });
  }
}

/// What decides how many pods there are to be: a controller of pods, or the one that scales it.
struct Scale {
  std::string uid;
  std::int64_t replicas = 0;
};

std::optional<Scale> scaleOf(const std::string& ns, const kube::OwnerReference& owner,
                             const Cache& cache) {
  const std::string key = keyOf(ns, owner.name);
  if (owner.kind == "StatefulSet") {
    const auto set = cache.statefulSets().valueAt(key);
    return set == nullptr ? std::nullopt : std::optional<Scale>({set->meta.uid, set->replicas});
  }
  const auto set = owner.kind == "ReplicaSet" ? cache.replicaSets().valueAt(key) : nullptr;
  if (set == nullptr) {
    return std::nullopt;
  }
  const kube::OwnerReference* top = set->meta.controller();
  const auto deployment =
      top == nullptr ? nullptr : cache.deployments().valueAt(keyOf(ns, top->name));
  return deployment == nullptr ? Scale{set->meta.uid, set->replicas}
                               : Scale{deployment->meta.uid, deployment->replicas};
}

void collectScales(BudgetState& state, const Cache& cache) {
  std::map<std::string, std::int64_t> wanted;
  for (const Ref<kube::Pod>& pod : state.pods) {
    const kube::OwnerReference* owner = pod->meta.controller();
    if (owner == nullptr) {
      ++state.unmanagedPods;
    } else if (const auto scale = scaleOf(pod->meta.ns, *owner, cache)) {
      wanted[scale->uid] = scale->replicas;
    } else {
      state.noScale = fmt::format("found no controllers with a scale for pod \"{}\": {} {}",
                                  pod->meta.name, owner->kind, owner->name);
    }
  }
  for (const auto& [uid, replicas] : wanted) {
    state.wantedPods += replicas;
  }
}

Actions reconcileBudget(const std::string& key, const View& view) {
  BudgetState state;
  state.budget = view.cache.budgets().valueAt(key);
  if (state.budget == nullptr) {
    return {};
  }
  const std::string& ns = state.budget->meta.ns;
  const auto take = [&state](const Ref<kube::Pod>& pod) {
    if (state.budget->covers(pod->meta.labels)) {
      state.pods.push_back(pod);
    }
  };
  if (state.budget->selector && !state.budget->selector->matchLabels.empty()) {
    const auto pods = view.cache.podsSelected(ns, state.budget->selector->matchLabels);
    std::for_each(pods.begin(), pods.end(), take);
  } else {
    view.cache.pods().forEachWithPrefix(
        ns + "/", [&take](const std::string&, const Known<kube::Pod>& pod) { take(pod.value); });
  }
  collectScales(state, view.cache);
  return reconcile(state, view.now);
}

}  // namespace

const Controller kDisruption{"disruption", disruptionConcerns, reconcileBudget};

}  // namespace hitless::control::bindings
