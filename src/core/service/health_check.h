#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "base/ip.h"
#include "core/service/plan.h"
#include "core/service/snapshot.h"
#include "core/watch/update.h"

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

  /// Notes what a watch says has changed; update() then looks at just that.
  void noteServices(const watch::Update& update);
  void noteSlices(const watch::Update& update);

  /// Brings everything to `snapshot`. False if it is sure that no port came, went or changed.
  bool update(const Snapshot& snapshot, const NodeView& node);

  /// Services of type LoadBalancer with externalTrafficPolicy Local and a healthCheckNodePort.
  const ByService& checks() const { return checks_; }
  std::size_t noLocalEndpoints(Policy policy, IpFamily family) const;

 private:
  using Counts = std::array<std::array<std::size_t, 2>, 2>;  ///< By policy and family.

  void evaluate(const ServiceName& name, const ServiceState* state, const NodeView& node);
  void forget(const ServiceName& name);
  std::uint16_t portOf(const ServiceName& name) const;

  NodeView node_;
  Changes changes_;
  ByService checks_;
  std::map<ServiceName, Counts> noLocal_;  ///< Only those that are not all zero.
  Counts total_{};
  /// Slice "namespace/name" -> its service, because the label may change. Of services with a Local
  /// policy only.
  std::unordered_map<std::string, ServiceName> serviceOfSlice_;
};

}  // namespace hitless::service
