#include "core/service/plan.h"

#include <algorithm>
#include <iterator>

namespace hitless::service {
namespace {

void sortUnique(auto& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Route routeFor(const std::vector<Candidate>& candidates, TrafficPolicy policy, const NodeView& node,
               std::vector<IpAddress>& localHosts) {
  const Choice choice = choose(candidates, policy, node);
  Route route{choice.outcome, choice.reason, {}};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (choice.fates[i] == Fate::kChosen) {
      route.endpoints.push_back(candidates[i].target);
      if (candidates[i].local) {
        localHosts.push_back(candidates[i].target.ip);
      }
    }
  }
  sortUnique(route.endpoints);
  return route;
}

PlannedPort planPort(const ServiceState& state, const ServicePort& source, IpFamily family,
                     const NodeView& node, bool local) {
  PlannedPort port;
  port.name = source.name;
  port.protocol = source.protocol;
  port.port = source.port;
  port.nodePort = source.nodePort;
  const auto candidates = candidatesFor(state, source, family, node);
  port.cluster = routeFor(candidates, TrafficPolicy::kCluster, node, port.localHosts);
  if (local) {
    port.local = routeFor(candidates, TrafficPolicy::kLocal, node, port.localHosts);
  }
  for (const Candidate& candidate : candidates) {
    if (candidate.endpoint->serving || candidate.endpoint->ready) {
      port.serving.push_back(candidate.target);
    }
  }
  sortUnique(port.serving);
  sortUnique(port.localHosts);
  return port;
}

void addOfFamily(std::vector<IpAddress>& out, const std::vector<IpAddress>& from, IpFamily family) {
  std::copy_if(from.begin(), from.end(), std::back_inserter(out),
               [&](const IpAddress& ip) { return ip.family() == family; });
}

PlannedFamily planFamily(const ServiceState& state, const IpAddress& clusterIp,
                         const NodeView& node, bool local) {
  const Service& service = *state.service;
  PlannedFamily planned;
  planned.family = clusterIp.family();
  planned.clusterIp = clusterIp;
  if (service.type == ServiceType::kLoadBalancer) {
    addOfFamily(planned.balancerIps, service.balancerIps, planned.family);
    for (const Cidr& range : service.sourceRanges) {
      if (range.address.family() == planned.family) {
        planned.sourceRanges.push_back(range);
      }
    }
  }
  sortUnique(planned.balancerIps);
  sortUnique(planned.sourceRanges);
  planned.externalIps = externalIpsOf(service, clusterIp);
  for (const ServicePort& port : service.ports) {
    planned.ports.push_back(planPort(state, port, planned.family, node, local));
  }
  return planned;
}

}  // namespace

std::vector<IpAddress> externalIpsOf(const Service& service, const IpAddress& clusterIp) {
  std::vector<IpAddress> ips;
  if (service.type == ServiceType::kLoadBalancer) {
    addOfFamily(ips, service.balancerIps, clusterIp.family());
  }
  addOfFamily(ips, service.externalIps, clusterIp.family());
  sortUnique(ips);
  std::erase(ips, clusterIp);
  return ips;
}

std::optional<Reason> skipReason(const Service& service, const NodeView& node) {
  if (service.proxyName.value_or("") != node.proxyName) {
    return Reason::kOtherProxy;
  }
  if (service.type == ServiceType::kExternalName) {
    return Reason::kExternalName;
  }
  if (service.headless) {
    return Reason::kHeadless;
  }
  return service.clusterIps.empty() ? std::optional(Reason::kNoClusterIp) : std::nullopt;
}

PlannedService planFor(const ServiceState& state, const NodeView& node) {
  PlannedService planned;
  planned.skipped = state.service ? skipReason(*state.service, node) : Reason::kNoClusterIp;
  if (planned.skipped) {
    return planned;
  }
  const Service& service = *state.service;
  if (service.affinityTimeout != 0) {
    planned.affinityTimeout = service.affinityTimeout;
  }
  planned.internal = service.internal;
  planned.external = service.external;
  const bool local =
      planned.internal == TrafficPolicy::kLocal || planned.external == TrafficPolicy::kLocal;
  for (const IpAddress& clusterIp : service.clusterIps) {
    planned.families.push_back(planFamily(state, clusterIp, node, local));
  }
  return planned;
}

}  // namespace hitless::service
