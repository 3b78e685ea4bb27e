#include "core/service/plan.h"

#include <algorithm>

#include "base/text.h"

namespace hitless::service {
namespace {

void sortUnique(auto& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

TrafficPolicy policyOf(const std::string& text) {
  return text == "Local" ? TrafficPolicy::kLocal : TrafficPolicy::kCluster;
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

PlannedPort planPort(const ServiceState& state, const kube::ServicePort& source, Protocol protocol,
                     IpFamily family, const NodeView& node, bool local) {
  PlannedPort port;
  port.name = source.name;
  port.protocol = protocol;
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

/// spec.loadBalancerSourceRanges of one family; the API tolerates white space.
std::vector<Cidr> sourceRanges(const kube::Service& service, IpFamily family) {
  std::vector<Cidr> ranges;
  for (const std::string& text : service.loadBalancerSourceRanges) {
    const auto range = Cidr::parse(trim(text));
    if (range && range->address.family() == family) {
      ranges.push_back(range->masked());
    }
  }
  sortUnique(ranges);
  return ranges;
}

void addIfFamily(std::vector<IpAddress>& list, const std::string& text, IpFamily family) {
  const auto ip = IpAddress::parse(text);
  if (ip && ip->family() == family) {
    list.push_back(*ip);
  }
}

PlannedFamily planFamily(const ServiceState& state, const IpAddress& clusterIp,
                         const NodeView& node, bool local) {
  const kube::Service& service = *state.service;
  PlannedFamily planned;
  planned.family = clusterIp.family();
  planned.clusterIp = clusterIp;
  if (service.type == "LoadBalancer") {
    for (const kube::LoadBalancerIngress& ingress : service.loadBalancerIngress) {
      if (ingress.ipMode == "VIP") {
        addIfFamily(planned.balancerIps, ingress.ip, planned.family);
      }
    }
    planned.sourceRanges = sourceRanges(service, planned.family);
  }
  sortUnique(planned.balancerIps);
  planned.externalIps = planned.balancerIps;
  for (const std::string& text : service.externalIPs) {
    addIfFamily(planned.externalIps, text, planned.family);
  }
  sortUnique(planned.externalIps);
  for (const kube::ServicePort& port : service.ports) {
    const auto protocol = parseProtocol(port.protocol);
    if (protocol && port.port != 0) {
      planned.ports.push_back(planPort(state, port, *protocol, planned.family, node, local));
    }
  }
  return planned;
}

}  // namespace

std::optional<Reason> skipReason(const kube::Service& service, const NodeView& node) {
  const auto proxy = service.meta.labels.find(kProxyNameLabel);
  const bool labelled = proxy != service.meta.labels.end();
  if ((labelled ? proxy->second : std::string{}) != node.proxyName) {
    return Reason::kOtherProxy;
  }
  if (service.type == "ExternalName") {
    return Reason::kExternalName;
  }
  if (service.headless()) {
    return Reason::kHeadless;
  }
  return std::nullopt;
}

PlannedService planFor(const ServiceState& state, const NodeView& node) {
  PlannedService planned;
  planned.skipped = state.service ? skipReason(*state.service, node) : Reason::kNoClusterIp;
  if (planned.skipped) {
    return planned;
  }
  const kube::Service& service = *state.service;
  if (service.sessionAffinity == "ClientIP") {
    planned.affinityTimeout = service.sessionAffinityTimeout;
  }
  planned.internal = policyOf(service.internalTrafficPolicy);
  planned.external = policyOf(service.externalTrafficPolicy);
  const bool local =
      planned.internal == TrafficPolicy::kLocal || planned.external == TrafficPolicy::kLocal;
  for (const std::string& text : service.clusterIPs) {
    if (const auto clusterIp = IpAddress::parse(text)) {
      planned.families.push_back(planFamily(state, *clusterIp, node, local));
    }
  }
  if (planned.families.empty()) {
    planned.skipped = Reason::kNoClusterIp;
  }
  return planned;
}

ServicePlan plan(const Snapshot& snapshot, const NodeView& node) {
  ServicePlan result;
  snapshot.forEach([&](const ServiceName& name, const ServiceState& state) {
    result.emplace(name, planFor(state, node));
  });
  return result;
}

}  // namespace hitless::service
