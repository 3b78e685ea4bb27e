#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/control/controllers/owner_graph.h"
#include "core/control/controllers/scheduling_spec.h"
#include "core/control/controllers/table.h"
#include "core/control/store.h"
#include "core/kube/controller_revision.h"
#include "core/kube/daemon_set.h"
#include "core/kube/job.h"
#include "core/kube/objects.h"
#include "core/kube/pod_disruption_budget.h"
#include "core/kube/stateful_set.h"
#include "core/kube/workload.h"

namespace hitless::control {

/// A node with what only the scheduler reads of it.
struct NodeFacts {
  kube::Node node;
  std::vector<Taint> taints;
  std::int64_t maxPods = 110;
};

/// A Service with its address types.
struct ServiceFacts {
  kube::Service service;
  std::vector<std::string> addressTypes;
};

/// One object before and after a change; null where it did not or does not exist.
template <class T>
struct Transition {
  Ref<T> before;
  Ref<T> after;

  bool any() const { return before != nullptr || after != nullptr; }
  /// The newest state that is known.
  const T& latest() const { return after != nullptr ? *after : *before; }
};

/// A store event, decoded once. Of the typed transitions at most one is set.
struct Change {
  const kube::Resource* resource = nullptr;
  std::string key;
  Transition<kube::ObjectMeta> meta;  ///< Always set.
  Transition<kube::Deployment> deployment;
  Transition<kube::ReplicaSet> replicaSet;
  Transition<kube::StatefulSet> statefulSet;
  Transition<kube::DaemonSet> daemonSet;
  Transition<kube::Job> job;
  Transition<kube::ControllerRevision> controllerRevision;
  Transition<kube::PodDisruptionBudget> budget;
  Transition<kube::Pod> pod;
  Transition<ServiceFacts> service;
  Transition<kube::EndpointSlice> slice;
  Transition<NodeFacts> node;

  bool is(const kube::Resource& other) const { return resource == &other; }
  bool deleted() const { return meta.after == nullptr; }
};

/// What the controllers know of the store: decoded, and indexed so that collecting the state of one
/// key costs in proportion to that key's objects.
class Cache {
 public:
  /// `now` dates the absence of nodes.
  Change apply(const StoreEvent& event, WallTime now);

  const Table<kube::Deployment>& deployments() const { return deployments_; }
  const Table<kube::ReplicaSet>& replicaSets() const { return replicaSets_; }
  const Table<kube::StatefulSet>& statefulSets() const { return statefulSets_; }
  const Table<kube::Job>& jobs() const { return jobs_; }
  const Table<kube::DaemonSet>& daemonSets() const { return daemonSets_; }
  const Table<kube::ControllerRevision>& controllerRevisions() const {
    return controllerRevisions_;
  }
  const Table<kube::PodDisruptionBudget>& budgets() const { return budgets_; }
  const Table<kube::Pod>& pods() const { return pods_; }
  const Table<ServiceFacts>& services() const { return services_; }
  const Table<NodeFacts>& nodes() const { return nodes_; }
  const OwnerGraph& graph() const { return graph_; }

  std::vector<Ref<kube::ReplicaSet>> replicaSetsOf(const std::string& ownerUid) const;
  std::vector<Ref<kube::ReplicaSet>> freeReplicaSets(const std::string& ns) const;
  std::vector<Ref<kube::ControllerRevision>> revisionsOf(const std::string& ownerUid) const;
  std::vector<Ref<kube::ControllerRevision>> freeRevisions(const std::string& ns) const;
  std::vector<Ref<kube::Pod>> podsOf(const std::string& ownerUid) const;
  std::vector<Ref<kube::Pod>> freePods(const std::string& ns) const;
  /// Pods whose labels contain all of a non-empty selector, by name.
  std::vector<Ref<kube::Pod>> podsSelected(const std::string& ns,
                                           const kube::Labels& selector) const;
  /// Keys of pods bound to the node; "" = not bound yet.
  const std::set<std::string>& podsOn(const std::string& node) const {
    return podsByNode_.at(node);
  }
  /// Keys of the Services whose selector the labels match.
  std::vector<std::string> servicesSelecting(const std::string& ns,
                                             const kube::Labels& labels) const;
  std::vector<Ref<kube::EndpointSlice>> slicesOf(const std::string& serviceKey) const;
  /// Since when pods are bound to a node that does not exist; nullopt if it exists or none are.
  std::optional<WallTime> absentSince(const std::string& node) const;

 private:
  void indexPod(const Transition<kube::Pod>& pod, const std::string& key, WallTime now);
  void noteAbsence(const std::string& node, WallTime now);

  Table<kube::Deployment> deployments_;
  Table<kube::ReplicaSet> replicaSets_;
  Table<kube::StatefulSet> statefulSets_;
  Table<kube::DaemonSet> daemonSets_;
  Table<kube::Job> jobs_;
  Table<kube::ControllerRevision> controllerRevisions_;
  Table<kube::PodDisruptionBudget> budgets_;
  Table<kube::Pod> pods_;
  Table<ServiceFacts> services_;
  Table<kube::EndpointSlice> slices_;
  Table<NodeFacts> nodes_;
  OwnerGraph graph_;
  Index replicaSetsByOwner_;  ///< Controller uid, or "/namespace" without a controller.
  Index revisionsByOwner_;    ///< The same.
  Index podsByOwner_;         ///< The same.
  Index podsByNode_;
  Index podsByLabel_;         ///< "namespace/key=value"
  Index servicesBySelector_;  ///< The first pair of the selector, in the same form.
  Index slicesByService_;     ///< "namespace/service", only those that we manage.
  std::map<std::string, WallTime, std::less<>> absentNodes_;
};

}  // namespace hitless::control
