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

}  // namespace

bool HealthChecks::update(const Snapshot& snapshot, const Changes& changes, const NodeView& node) {
  const bool all = changes.all || node != node_;
  node_ = node;
  return all ? evaluateAll(snapshot) : evaluateSome(snapshot, changes.services);
}

bool HealthChecks::evaluateAll(const Snapshot& snapshot) {
  checks_.clear();
  noLocal_.clear();
  total_ = {};
  snapshot.forEach(
      [&](const ServiceName& name, const ServiceState& state) { evaluate(name, &state); });
  return true;
}

bool HealthChecks::evaluateSome(const Snapshot& snapshot, const std::set<ServiceName>& services) {
  bool portsChanged = false;
  for (const ServiceName& name : services) {
    const std::uint16_t before = portOf(name);
    forget(name);
    evaluate(name, snapshot.find(name));
    portsChanged = portsChanged || portOf(name) != before;
  }
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

void HealthChecks::evaluate(const ServiceName& name, const ServiceState* state) {
  if (state == nullptr || state->service == nullptr || skipReason(*state->service, node_)) {
    return;
  }
  const Service& service = *state->service;
  const bool local[] = {service.internal == TrafficPolicy::kLocal, externalLocal(service)};
  if (!local[0] && !local[1]) {
    return;
  }
  if (local[1] && service.type == ServiceType::kLoadBalancer && service.healthCheckNodePort != 0) {
    checks_[name] = {service.healthCheckNodePort, localReady(*state, node_)};
  }
  Counts counts{};
  for (const ServicePort& port : service.ports) {
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      const bool none = noneLocal(*state, port, family, node_);
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
