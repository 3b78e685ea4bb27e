#include "core/control/controllers/cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/controllers/endpoint_targets.h"
#include "core/control/controllers/endpointslice.h"

namespace hitless::control {
namespace {

std::string ownerProperty(const kube::ObjectMeta& meta) {
  const kube::OwnerReference* controller = meta.controller();
  return controller == nullptr ? "/" + meta.ns : controller->uid;
}

template <class T>
std::vector<std::string> ownerOf(const T& object) {
  return {ownerProperty(object.meta)};
}

std::string labelProperty(std::string_view ns, const kube::Labels::value_type& label) {
  return fmt::format("{}/{}={}", ns, label.first, label.second);
}

std::vector<std::string> labelProperties(const kube::ObjectMeta& meta) {
  std::vector<std::string> out;
  for (const auto& label : meta.labels) {
    out.push_back(labelProperty(meta.ns, label));
  }
  return out;
}

std::vector<std::string> selectorProperty(const kube::Service& service) {
  if (service.selector.empty()) {
    return {};
  }
  return {labelProperty(service.meta.ns, *service.selector.begin())};
}

std::vector<std::string> serviceProperty(const kube::EndpointSlice& slice) {
  const bool ours = valueOf(slice.meta.labels, kManagedByLabel) == kSliceManager;
  if (!ours || slice.serviceName().empty()) {
    return {};
  }
  return {keyOf(slice.meta.ns, slice.serviceName())};
}

/// Moves a key from the properties it had to those it has.
template <class T, class F>
void reindex(Index& index, const Transition<T>& change, const std::string& key, F properties) {
  if (change.before != nullptr) {
    for (const std::string& property : properties(*change.before)) {
      index.remove(property, key);
    }
  }
  if (change.after != nullptr) {
    for (const std::string& property : properties(*change.after)) {
      index.add(property, key);
    }
  }
}

template <class T>
std::vector<Ref<T>> valuesAt(const Table<T>& table, const std::set<std::string>& keys) {
  std::vector<Ref<T>> out;
  for (const std::string& key : keys) {
    if (Ref<T> value = table.valueAt(key)) {
      out.push_back(std::move(value));
    }
  }
  return out;
}

bool selects(const kube::Labels& selector, const kube::Labels& labels) {
  return std::all_of(selector.begin(), selector.end(), [&labels](const auto& wanted) {
    const auto it = labels.find(wanted.first);
    return it != labels.end() && it->second == wanted.second;
  });
}

NodeFacts nodeFactsOf(const kube::json::object& object) {
  return {kube::nodeOf(object), taintsOf(object), maxPodsOf(object)};
}

ServiceFacts serviceFactsOf(const kube::json::object& object) {
  return {kube::serviceOf(object), addressTypesOf(object)};
}

/// Takes an event into a table; `decode` is called once per change.
template <class T, class F>
Transition<T> take(Table<T>& table, const StoreEvent& event, const std::string& key, F decode) {
  Transition<T> change;
  if (event.type != EventType::kDeleted) {
    change.after = std::make_shared<const T>(decode(*event.object));
  }
  change.before = table.put(key, event.object, change.after);
  return change;
}

}  // namespace

Change Cache::apply(const StoreEvent& event, WallTime now) {
  Change change;
  change.resource = event.resource;
  change.key = keyOf(event.ns, event.name);
  auto meta = std::make_shared<const kube::ObjectMeta>(kube::metaOf(*event.object));
  const OwnerGraph::Node* known = graph_.find(meta->uid);
  change.meta.before = known == nullptr ? nullptr : known->meta;
  if (event.type == EventType::kDeleted) {
    change.meta.before = change.meta.before == nullptr ? meta : change.meta.before;
    graph_.erase(meta->uid);
  } else {
    change.meta.after = meta;
    graph_.put(*event.resource, meta);
  }

  const std::string& key = change.key;
  if (event.resource == &kube::res::kPods) {
    change.pod = take(pods_, event, key, kube::podOf);
    indexPod(change.pod, key, now);
  } else if (event.resource == &kube::res::kReplicaSets) {
    change.replicaSet = take(replicaSets_, event, key, kube::replicaSetOf);
    reindex(replicaSetsByOwner_, change.replicaSet, key, ownerOf<kube::ReplicaSet>);
  } else if (event.resource == &kube::res::kStatefulSets) {
    change.statefulSet = take(statefulSets_, event, key, kube::statefulSetOf);
  } else if (event.resource == &kube::res::kJobs) {
    change.job = take(jobs_, event, key, kube::jobOf);
  } else if (event.resource == &kube::res::kDaemonSets) {
    change.daemonSet = take(daemonSets_, event, key, kube::daemonSetOf);
  } else if (event.resource == &kube::res::kControllerRevisions) {
    change.controllerRevision = take(controllerRevisions_, event, key, kube::controllerRevisionOf);
    reindex(revisionsByOwner_, change.controllerRevision, key, ownerOf<kube::ControllerRevision>);
  } else if (event.resource == &kube::res::kDeployments) {
    change.deployment = take(deployments_, event, key, kube::deploymentOf);
  } else if (event.resource == &kube::res::kPodDisruptionBudgets) {
    change.budget = take(budgets_, event, key, kube::podDisruptionBudgetOf);
  } else if (event.resource == &kube::res::kServices) {
    change.service = take(services_, event, key, serviceFactsOf);
    reindex(servicesBySelector_, change.service, key,
            [](const ServiceFacts& facts) { return selectorProperty(facts.service); });
  } else if (event.resource == &kube::res::kEndpointSlices) {
    change.slice = take(slices_, event, key, kube::endpointSliceOf);
    reindex(slicesByService_, change.slice, key, serviceProperty);
  } else if (event.resource == &kube::res::kNodes) {
    change.node = take(nodes_, event, key, nodeFactsOf);
    noteAbsence(key, now);
  }
  return change;
}

void Cache::indexPod(const Transition<kube::Pod>& pod, const std::string& key, WallTime now) {
  reindex(podsByOwner_, pod, key, ownerOf<kube::Pod>);
  reindex(podsByNode_, pod, key,
          [](const kube::Pod& each) { return std::vector<std::string>{each.nodeName}; });
  reindex(podsByLabel_, pod, key, [](const kube::Pod& each) { return labelProperties(each.meta); });
  noteAbsence(pod.latest().nodeName, now);
}

void Cache::noteAbsence(const std::string& node, WallTime now) {
  if (node.empty() || nodes_.find(node) != nullptr || podsByNode_.at(node).empty()) {
    absentNodes_.erase(node);
  } else {
    absentNodes_.emplace(node, now);
  }
}

std::optional<WallTime> Cache::absentSince(const std::string& node) const {
  const auto it = absentNodes_.find(node);
  return it == absentNodes_.end() ? std::nullopt : std::optional<WallTime>(it->second);
}

std::vector<Ref<kube::ReplicaSet>> Cache::replicaSetsOf(const std::string& ownerUid) const {
  return valuesAt(replicaSets_, replicaSetsByOwner_.at(ownerUid));
}

std::vector<Ref<kube::ReplicaSet>> Cache::freeReplicaSets(const std::string& ns) const {
  return valuesAt(replicaSets_, replicaSetsByOwner_.at("/" + ns));
}

std::vector<Ref<kube::ControllerRevision>> Cache::revisionsOf(const std::string& ownerUid) const {
  return valuesAt(controllerRevisions_, revisionsByOwner_.at(ownerUid));
}

std::vector<Ref<kube::ControllerRevision>> Cache::freeRevisions(const std::string& ns) const {
  return valuesAt(controllerRevisions_, revisionsByOwner_.at("/" + ns));
}

std::vector<Ref<kube::Pod>> Cache::podsOf(const std::string& ownerUid) const {
  return valuesAt(pods_, podsByOwner_.at(ownerUid));
}

std::vector<Ref<kube::Pod>> Cache::freePods(const std::string& ns) const {
  return valuesAt(pods_, podsByOwner_.at("/" + ns));
}

std::vector<Ref<kube::Pod>> Cache::podsSelected(const std::string& ns,
                                                const kube::Labels& selector) const {
  const std::set<std::string>* fewest = nullptr;
  for (const auto& label : selector) {
    const auto& keys = podsByLabel_.at(labelProperty(ns, label));
    if (fewest == nullptr || keys.size() < fewest->size()) {
      fewest = &keys;
    }
  }
  if (fewest == nullptr) {
    return {};
  }
  std::vector<Ref<kube::Pod>> pods = valuesAt(pods_, *fewest);
  std::erase_if(pods, [&selector](const Ref<kube::Pod>& pod) {
    return !selects(selector, pod->meta.labels);
  });
  return pods;
}

std::vector<std::string> Cache::servicesSelecting(const std::string& ns,
                                                  const kube::Labels& labels) const {
  std::vector<std::string> out;
  for (const auto& label : labels) {
    for (const std::string& key : servicesBySelector_.at(labelProperty(ns, label))) {
      if (selects(services_.find(key)->value->service.selector, labels)) {
        out.push_back(key);
      }
    }
  }
  return out;
}

std::vector<Ref<kube::EndpointSlice>> Cache::slicesOf(const std::string& serviceKey) const {
  return valuesAt(slices_, slicesByService_.at(serviceKey));
}

}  // namespace hitless::control
