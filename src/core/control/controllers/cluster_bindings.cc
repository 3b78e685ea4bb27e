#include <algorithm>

#include "core/control/controllers/bindings.h"
#include "core/control/controllers/garbage.h"
#include "core/control/controllers/namespace.h"
#include "core/control/controllers/node_lifecycle.h"
#include "core/control/controllers/pods.h"
#include "core/control/controllers/scheduler.h"

namespace hitless::control::bindings {
namespace {

constexpr std::string_view kLeaseNamespace = "kube-node-lease";

void addAll(const std::set<std::string>& from, Keys& keys) {
  keys.insert(keys.end(), from.begin(), from.end());
}

// --- Scheduler -----------------------------------------------------------------------------

void schedulerConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.pod.after != nullptr && change.pod.after->nodeName.empty()) {
    keys.push_back(change.key);
  } else if (change.node.any() || (change.pod.any() && change.deleted())) {
    addAll(cache.podsOn(""), keys);  // What did not fit may fit now.
  }
}

NodeLoad loadOf(const Ref<NodeFacts>& facts, const kube::Pod& pod, const Cache& cache) {
  NodeLoad load{Ref<kube::Node>(facts, &facts->node), facts->taints, facts->maxPods, 0, 0};
  const kube::OwnerReference* owner = pod.meta.controller();
  for (const std::string& key : cache.podsOn(facts->node.meta.name)) {
    const Ref<kube::Pod> other = cache.pods().valueAt(key);
    if (other->finished()) {
      continue;
    }
    ++load.pods;
    const kube::OwnerReference* theirs = other->meta.controller();
    const bool sibling = owner != nullptr && theirs != nullptr && theirs->uid == owner->uid;
    load.siblings += sibling && isActive(*other) ? 1 : 0;
  }
  return load;
}

Actions schedule(const std::string& key, const View& view) {
  const Known<kube::Pod>* pod = view.cache.pods().find(key);
  if (pod == nullptr || !pod->value->nodeName.empty()) {
    return {};
  }
  SchedulerState state{pod->value, pod->object, placementOf(*pod->object), {}};
  for (const auto& [name, node] : view.cache.nodes().rows()) {
    if (!node.value->node.meta.terminating()) {
      state.nodes.push_back(loadOf(node.value, *pod->value, view.cache));
    }
  }
  return reconcile(state, view.now);
}

// --- Garbage collector ---------------------------------------------------------------------

/// Whether the object has begun to end, or waits for something else than before.
bool endsOtherwise(const Transition<kube::ObjectMeta>& meta) {
  if (meta.after == nullptr) {
    return true;
  }
  const bool wasEnding = meta.before != nullptr && meta.before->terminating();
  return meta.after->terminating() &&
         (!wasEnding || meta.before->finalizers != meta.after->finalizers);
}

/// Keys are uids: names come back, uids do not.
void garbageConcerns(const Change& change, const Cache& cache, Keys& keys) {
  const Transition<kube::ObjectMeta>& meta = change.meta;
  const bool ends = endsOtherwise(meta);
  const bool otherOwners =
      change.deleted() || meta.before == nullptr || meta.before->owners != meta.after->owners;
  if (ends) {
    addAll(cache.graph().dependents(meta.latest().uid), keys);
  }
  if (ends || (otherOwners && !meta.latest().owners.empty())) {
    keys.push_back(meta.latest().uid);
  }
  if (meta.before != nullptr && otherOwners) {
    for (const kube::OwnerReference& owner : meta.before->owners) {
      const OwnerGraph::Node* node = cache.graph().find(owner.uid);
      if (node != nullptr && node->meta->terminating()) {
        keys.push_back(owner.uid);  // It may have waited for this one.
      }
    }
  }
}

OwnerLink linkOf(const kube::OwnerReference& reference, const kube::ObjectMeta& dependent,
                 const OwnerGraph& graph) {
  const kube::Resource* resource = kube::findKind(reference.apiVersion, reference.kind);
  if (resource == nullptr) {
    return {reference, true, false};
  }
  const OwnerGraph::Node* owner = graph.find(reference.uid);
  const bool exists = owner != nullptr && owner->resource == resource &&
                      owner->meta->name == reference.name &&
                      (owner->meta->ns.empty() || owner->meta->ns == dependent.ns);
  if (!exists) {
    return {reference, false, false};
  }
  const auto& finalizers = owner->meta->finalizers;
  const bool awaits =
      owner->meta->terminating() &&
      std::find(finalizers.begin(), finalizers.end(), kForegroundFinalizer) != finalizers.end();
  return {reference, true, awaits};
}

Actions collectGarbage(const std::string& uid, const View& view) {
  const OwnerGraph& graph = view.cache.graph();
  const OwnerGraph::Node* node = graph.find(uid);
  if (node == nullptr) {
    return {};
  }
  GarbageState state{node->resource, node->meta, {}, {}};
  for (const kube::OwnerReference& reference : node->meta->owners) {
    state.owners.push_back(linkOf(reference, *node->meta, graph));
  }
  for (const std::string& dependent : graph.dependents(uid)) {
    const OwnerGraph::Node& each = *graph.find(dependent);
    state.dependents.push_back({each.resource, each.meta});
  }
  return reconcile(state);
}

// --- Namespaces ----------------------------------------------------------------------------

void namespaceConcerns(const Change& change, const Cache&, Keys& keys) {
  const kube::ObjectMeta& meta = change.meta.latest();
  if (change.is(kube::res::kNamespaces)) {
    keys.push_back(meta.name);
  } else if (!meta.ns.empty() && (change.deleted() || change.meta.before == nullptr)) {
    keys.push_back(meta.ns);  // Matters if the namespace is ending: something is left, or less.
  }
}

Actions reconcileNamespace(const std::string& name, const View& view) {
  NamespaceState state;
  state.object = view.store.get(kube::res::kNamespaces, "", name);
  if (state.object == nullptr) {
    return {};
  }
  if (kube::metaOf(*state.object).terminating()) {
    for (const std::string& uid : view.cache.graph().inNamespace(name)) {
      const OwnerGraph::Node& node = *view.cache.graph().find(uid);
      state.contents.push_back({refTo(*node.resource, *node.meta), node.meta->terminating()});
    }
  }
  return reconcile(state);
}

void namespaceDefaultsConcerns(const Change& change, const Cache&, Keys& keys) {
  const kube::ObjectMeta& meta = change.meta.latest();
  if (change.is(kube::res::kNamespaces)) {
    keys.push_back(meta.name);
  } else if ((change.is(kube::res::kServiceAccounts) && meta.name == kDefaultServiceAccount) ||
             (change.is(kube::res::kConfigMaps) && meta.name == kRootCaMap)) {
    keys.push_back(meta.ns);
  }
}

Actions reconcileNamespaceDefaults(const std::string& name, const View& view) {
  const kube::ObjectPtr object = view.store.get(kube::res::kNamespaces, "", name);
  if (object == nullptr) {
    return {};
  }
  NamespaceDefaultsState state;
  state.ns = name;
  state.terminating = kube::metaOf(*object).terminating();
  state.hasServiceAccount =
      view.store.get(kube::res::kServiceAccounts, name, kDefaultServiceAccount) != nullptr;
  state.rootCaMap = view.store.get(kube::res::kConfigMaps, name, kRootCaMap);
  state.rootCa = view.options.rootCa;
  return reconcile(state);
}

// --- Nodes ---------------------------------------------------------------------------------

void nodeConcerns(const Change& change, const Cache&, Keys& keys) {
  const kube::ObjectMeta& meta = change.meta.latest();
  if (change.is(kube::res::kNodes) ||
      (change.is(kube::res::kLeases) && meta.ns == kLeaseNamespace)) {
    keys.push_back(meta.name);
  }
}

Actions reconcileNode(const std::string& name, const View& view) {
  const Known<NodeFacts>* known = view.cache.nodes().find(name);
  if (known == nullptr) {
    return {};
  }
  NodeState state;
  state.node = Ref<kube::Node>(known->value, &known->value->node);
  state.object = known->object;
  state.gracePeriod = view.options.nodeMonitorGracePeriod;
  if (const auto lease = view.store.get(kube::res::kLeases, kLeaseNamespace, name)) {
    state.leaseRenewed = parseTime(kube::text(*lease, {"spec", "renewTime"}));
  }
  for (const std::string& key : view.cache.podsOn(name)) {
    const Known<kube::Pod>* pod = view.cache.pods().find(key);
    state.pods.push_back({pod->value, pod->object});
  }
  return reconcile(state, view.now);
}

void podGarbageConcerns(const Change& change, const Cache& cache, Keys& keys) {
  if (change.pod.after != nullptr) {
    const kube::Pod& pod = *change.pod.after;
    if (pod.meta.terminating() || cache.absentSince(pod.nodeName)) {
      keys.push_back(change.key);
    }
  } else if (change.is(kube::res::kNodes) && change.deleted()) {
    addAll(cache.podsOn(change.key), keys);
  }
}

Actions reconcilePodGarbage(const std::string& key, const View& view) {
  PodGarbageState state;
  state.pod = view.cache.pods().valueAt(key);
  if (state.pod == nullptr) {
    return {};
  }
  state.nodeAbsentSince = view.cache.absentSince(state.pod->nodeName);
  state.quarantine = view.options.absentNodeQuarantine;
  return reconcile(state, view.now);
}

}  // namespace

const Controller kScheduler{"scheduler", schedulerConcerns, schedule};
const Controller kGarbageCollector{"garbage-collector", garbageConcerns, collectGarbage};
const Controller kNamespace{"namespace", namespaceConcerns, reconcileNamespace};
const Controller kNamespaceDefaults{"namespace-defaults", namespaceDefaultsConcerns,
                                    reconcileNamespaceDefaults};
const Controller kNodeLifecycle{"node-lifecycle", nodeConcerns, reconcileNode};
const Controller kPodGarbage{"pod-garbage", podGarbageConcerns, reconcilePodGarbage};

}  // namespace hitless::control::bindings
