#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "base/ip.h"
#include "core/service/plan.h"
#include "core/service/snapshot.h"

namespace hitless::service {

/// What a load balancer asks a node about one Service (spec.healthCheckNodePort): how many
/// endpoints here can take new connections. Endpoints that terminate do not count (KEP-1669).
struct HealthCheck {
  std::uint16_t port = 0;
  std::size_t localEndpoints = 0;
  bool operator==(const HealthCheck&) const = default;
};

/// Keeps the health checks of a node, and how many service ports with a Local policy have
/// endpoints but none here, in step with the snapshots; a change costs what the change is worth.
class HealthChecks {
 public:
  using ByService = std::map<ServiceName, HealthCheck>;
  enum class Policy { kInternal, kExternal };

  /// Brings everything to `snapshot`, which differs from that of the last call in `changes` at
  /// most. False if it is sure that no port came, went or changed.
  bool update(const Snapshot& snapshot, const Changes& changes, const NodeView& node);

  /// Services of type LoadBalancer with externalTrafficPolicy Local and a healthCheckNodePort.
  const ByService& checks() const { return checks_; }
  std::size_t noLocalEndpoints(Policy policy, IpFamily family) const;

 private:
  using Counts = std::array<std::array<std::size_t, 2>, 2>;  ///< By policy and family.

  bool evaluateAll(const Snapshot& snapshot);
  bool evaluateSome(const Snapshot& snapshot, const std::set<ServiceName>& services);
  void evaluate(const ServiceName& name, const ServiceState* state);
  void forget(const ServiceName& name);
  std::uint16_t portOf(const ServiceName& name) const;

  NodeView node_;
  ByService checks_;
  std::map<ServiceName, Counts> noLocal_;  ///< Only those that are not all zero.
  Counts total_{};
};

}  // namespace hitless::service
