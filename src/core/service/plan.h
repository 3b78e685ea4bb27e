#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "core/service/endpoints.h"
#include "core/service/labels.h"
#include "core/service/snapshot.h"

/// What a node has to do for each service: a value without netlink or rules in it.
namespace hitless::service {

/// Where new connections under one traffic policy go.
struct Route {
  Outcome outcome = Outcome::kReject;
  Reason reason = Reason::kNoEndpoints;
  std::vector<Target> endpoints;  ///< New connections are spread over these; sorted, unique.
  bool operator==(const Route&) const = default;
};

/// One service port in one address family.
struct PlannedPort {
  std::string name;  ///< Of the service port; may be empty.
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;             ///< At cluster IP, external IPs and load balancer IPs.
  std::uint16_t nodePort = 0;         ///< 0: none.
  Route cluster;                      ///< Under policy Cluster.
  Route local;                        ///< Under policy Local; planned only if a policy is Local.
  std::vector<Target> serving;        ///< Flows that exist may stay on these; sorted, unique.
  std::vector<IpAddress> localHosts;  ///< Hosts of endpoints in a route that are on this node.
  /// External IPs at which another service has this port: see rules/claims.h. Sorted.
  std::vector<IpAddress> yielded = {};
  const Route& route(TrafficPolicy policy) const {
    return policy == TrafficPolicy::kCluster ? cluster : local;
  }
  bool operator==(const PlannedPort&) const = default;
};

/// What one family of a service needs. The families of a dual-stack service are independent.
struct PlannedFamily {
  IpFamily family = IpFamily::kV4;
  IpAddress clusterIp;
  std::vector<IpAddress> externalIps;  ///< spec.externalIPs and load balancer IPs; sorted, unique.
  std::vector<IpAddress> balancerIps;  ///< Those that sourceRanges protect.
  std::vector<Cidr> sourceRanges;      ///< Empty: no restriction.
  std::vector<PlannedPort> ports;      ///< In the service's order.
  bool operator==(const PlannedFamily&) const = default;
};

struct PlannedService {
  std::optional<Reason> skipped;  ///< Set when the node does nothing for the service.
  TrafficPolicy internal = TrafficPolicy::kCluster;
  TrafficPolicy external = TrafficPolicy::kCluster;
  /// Seconds for sessionAffinity ClientIP; nullopt = none.
  std::optional<std::int64_t> affinityTimeout;
  std::vector<PlannedFamily> families;  ///< In the order of clusterIPs.
  bool operator==(const PlannedService&) const = default;
};

/// A service that is gone or has no Service object plans as skipped with kNoClusterIp.
PlannedService planFor(const ServiceState& state, const NodeView& node);
/// Load balancer IPs and spec.externalIPs of the family of a cluster IP, which is not among them;
/// sorted, unique.
std::vector<IpAddress> externalIpsOf(const Service& service, const IpAddress& clusterIp);
/// Whether the node does nothing for this Service, and why.
std::optional<Reason> skipReason(const Service& service, const NodeView& node);

}  // namespace hitless::service
