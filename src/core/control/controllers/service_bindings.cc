#include "core/control/controllers/bindings.h"
#include "core/control/controllers/endpoints.h"
#include "core/control/controllers/endpointslice.h"

namespace hitless::control::bindings {
namespace {

constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";

/// Whether a pod's change can change what endpoints say of it.
bool matters(const Transition<kube::Pod>& pod) {
  if (pod.before == nullptr || pod.after == nullptr) {
    return true;
  }
  const kube::Pod& a = *pod.before;
  const kube::Pod& b = *pod.after;
  return a.meta.labels != b.meta.labels || a.meta.uid != b.meta.uid ||
         a.meta.terminating() != b.meta.terminating() || a.podIPs != b.podIPs ||
         a.ready() != b.ready() || a.finished() != b.finished() || a.nodeName != b.nodeName ||
         a.hostname != b.hostname || a.subdomain != b.subdomain || a.ports != b.ports;
}

void addServicesOf(const Ref<kube::Pod>& pod, const Cache& cache, Keys& keys) {
  if (pod != nullptr) {
    const auto services = cache.servicesSelecting(pod->meta.ns, pod->meta.labels);
    keys.insert(keys.end(), services.begin(), services.end());
  }
}

/// Endpoints name the zone of their node, and leave out pods of nodes that do not exist.
void addServicesOnNode(const Transition<NodeFacts>& node, const Cache& cache, Keys& keys) {
  const bool same = node.before != nullptr && node.after != nullptr &&
                    valueOf(node.before->node.meta.labels, kZoneLabel) ==
                        valueOf(node.after->node.meta.labels, kZoneLabel);
  if (same) {
    return;
  }
  for (const std::string& pod : cache.podsOn(node.latest().node.meta.name)) {
    addServicesOf(cache.pods().valueAt(pod), cache, keys);
  }
}

void servicesConcerned(const Change& change, const Cache& cache, Keys& keys) {
  if (change.service.any()) {
    keys.push_back(change.key);
  } else if (change.pod.any() && matters(change.pod)) {
    addServicesOf(change.pod.before, cache, keys);
    addServicesOf(change.pod.after, cache, keys);
  } else if (change.node.any()) {
    addServicesOnNode(change.node, cache, keys);
  }
}

ServiceState serviceState(const std::string& key, const View& view) {
  ServiceState state;
  const std::size_t slash = key.find('/');
  state.ns = key.substr(0, slash);
  state.name = key.substr(slash + 1);
  const Ref<ServiceFacts> facts = view.cache.services().valueAt(key);
  if (facts == nullptr) {
    return state;
  }
  state.service = Ref<kube::Service>(facts, &facts->service);
  state.addressTypes = facts->addressTypes;
  state.pods = view.cache.podsSelected(state.ns, facts->service.selector);
  for (const Ref<kube::Pod>& pod : state.pods) {
    const auto node = view.cache.nodes().valueAt(pod->nodeName);
    if (node != nullptr) {
      state.zones.emplace(pod->nodeName, valueOf(node->node.meta.labels, kZoneLabel));
    }
  }
  return state;
}

// --- EndpointSlice -------------------------------------------------------------------------

void endpointSliceConcerns(const Change& change, const Cache& cache, Keys& keys) {
  servicesConcerned(change, cache, keys);
  for (const Ref<kube::EndpointSlice>& slice : {change.slice.before, change.slice.after}) {
    if (slice != nullptr && valueOf(slice->meta.labels, kManagedByLabel) == kSliceManager) {
      keys.push_back(keyOf(slice->meta.ns, slice->serviceName()));
    }
  }
}

Actions reconcileEndpointSlices(const std::string& key, const View& view) {
  ServiceState state = serviceState(key, view);
  state.slices = view.cache.slicesOf(key);
  return reconcileSlices(state);
}

// --- Endpoints -----------------------------------------------------------------------------

void endpointsConcerns(const Change& change, const Cache& cache, Keys& keys) {
  servicesConcerned(change, cache, keys);
  if (change.is(kube::res::kEndpoints)) {
    keys.push_back(change.key);
  }
}

Actions reconcileEndpointsObject(const std::string& key, const View& view) {
  ServiceState state = serviceState(key, view);
  state.endpoints = view.store.get(kube::res::kEndpoints, state.ns, state.name);
  return reconcileEndpoints(state);
}

}  // namespace

const Controller kEndpointSlice{"endpointslice", endpointSliceConcerns, reconcileEndpointSlices};
const Controller kEndpoints{"endpoints", endpointsConcerns, reconcileEndpointsObject};

}  // namespace hitless::control::bindings
