#include "core/service/health_check.h"

#include <set>

namespace hitless::service {
namespace {

bool externalLocal(const Service& service) {
  return service.external == TrafficPolicy::kLocal &&
         (service.type == ServiceType::kLoadBalancer || service.type == ServiceType::kNodePort);
}

/// A pod of two families is one endpoint: it is counted by its address of the Service's first.
std::size_t localReady(const ServiceState& state, const NodeView& node) {
  const IpFamily family = state.service->clusterIps.front().family();
  std::set<IpAddress> addresses;
  for (const auto& [name, slice] : state.slices) {
    for (const Endpoint& endpoint : slice->endpoints) {
      if (endpoint.ready && endpoint.nodeName() == node.name && endpoint.ip.family() == family) {
        addresses.insert(endpoint.ip);
      }
    }
  }
  return addresses.size();
}

/// Whether a service port has usable endpoints of the family, but none on the node.
bool noneLocal(const ServiceState& state, const ServicePort& port, IpFamily family,
               const NodeView& node) {
  return choose(candidatesFor(state, port, family, node), TrafficPolicy::kLocal, node).outcome ==
         Outcome::kDrop;
}

ServiceName nameOf(const kube::json::object& service) {
  return {std::string(kube::text(service, {"metadata", "namespace"})),
          std::string(kube::text(service, {"metadata", "name"}))};
}

}  // namespace

void HealthChecks::noteServices(const watch::Update& update) {
  changes_.all = changes_.all || update.kind == watch::Update::Kind::kFull;
  for (const watch::Change& change : update.changes) {
    changes_.services.insert(nameOf(*change.object));
  }
}

void HealthChecks::noteSlices(const watch::Update& update) {
  changes_.all = changes_.all || update.kind == watch::Update::Kind::kFull;
  for (const watch::Change& change : update.changes) {
    const ServiceName slice = nameOf(*change.object);
    changes_.services.insert(
        {slice.ns,
         std::string(kube::text(*change.object, {"metadata", "labels", kube::kServiceNameLabel}))});
    if (const auto before = serviceOfSlice_.find(slice.text()); before != serviceOfSlice_.end()) {
      changes_.services.insert(before->second);
      if (change.type == watch::ChangeType::kDelete) {
        serviceOfSlice_.erase(before);
      }
    }
  }
}

bool HealthChecks::update(const Snapshot& snapshot, const NodeView& node) {
  if (node != node_) {
    node_ = node;
    changes_.all = true;
  }
  bool portsChanged = changes_.all;
  if (changes_.all) {
    checks_.clear();
    noLocal_.clear();
    total_ = {};
    serviceOfSlice_.clear();
    snapshot.forEach(
        [&](const ServiceName& name, const ServiceState& state) { evaluate(name, &state, node); });
  } else {
    for (const ServiceName& name : changes_.services) {
      const std::uint16_t before = portOf(name);
      forget(name);
      evaluate(name, snapshot.find(name), node);
      portsChanged = portsChanged || portOf(name) != before;
    }
  }
  changes_ = {};
  return portsChanged;
}

std::uint16_t HealthChecks::portOf(const ServiceName& name) const {
  const auto it = checks_.find(name);
  return it == checks_.end() ? 0 : it->second.port;
}

void HealthChecks::forget(const ServiceName& name) {
  checks_.erase(name);
  if (const auto it = noLocal_.find(name); it != noLocal_.end()) {
    for (std::size_t policy = 0; policy < total_.size(); ++policy) {
      for (std::size_t family = 0; family < total_[policy].size(); ++family) {
        total_[policy][family] -= it->second[policy][family];
      }
    }
    noLocal_.erase(it);
  }
}

void HealthChecks::evaluate(const ServiceName& name, const ServiceState* state,
                            const NodeView& node) {
  if (state == nullptr || state->service == nullptr || skipReason(*state->service, node)) {
    return;
  }
  const Service& service = *state->service;
  const bool local[] = {service.internal == TrafficPolicy::kLocal, externalLocal(service)};
  if (!local[0] && !local[1]) {
    return;
  }
  for (const auto& [slice, object] : state->slices) {
    serviceOfSlice_.insert_or_assign(name.ns + "/" + slice, name);
  }
  if (local[1] && service.type == ServiceType::kLoadBalancer && service.healthCheckNodePort != 0) {
    checks_[name] = {service.healthCheckNodePort, localReady(*state, node)};
  }
  Counts counts{};
  for (const ServicePort& port : service.ports) {
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      const bool none = noneLocal(*state, port, family, node);
      for (std::size_t policy = 0; policy < counts.size(); ++policy) {
        const std::size_t one = none && local[policy] ? 1 : 0;
        counts[policy][static_cast<std::size_t>(family)] += one;
        total_[policy][static_cast<std::size_t>(family)] += one;
      }
    }
  }
  if (counts != Counts{}) {
    noLocal_[name] = counts;
  }
}

std::size_t HealthChecks::noLocalEndpoints(Policy policy, IpFamily family) const {
  return total_[static_cast<std::size_t>(policy)][static_cast<std::size_t>(family)];
}

}  // namespace hitless::service
