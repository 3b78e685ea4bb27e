#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "core/service/snapshot.h"

/// What a node has to do for each service: a value without netlink or rules in it.
namespace hitless::service {

/// IANA numbers.
enum class Protocol : std::uint8_t { kTcp = 6, kUdp = 17, kSctp = 132 };
std::optional<Protocol> parseProtocol(std::string_view name);
std::string_view name(Protocol protocol);

/// Where connections go.
struct Target {
  IpAddress ip;
  std::uint16_t port = 0;
  auto operator<=>(const Target&) const = default;
  std::string text() const;
};

/// What happens to a new connection.
enum class Outcome {
  kForward,
  kReject,  ///< Answered with ICMP port unreachable.
  kDrop,    ///< Not answered, so that the client tries again.
};

/// Why; one vocabulary for explanations, findings and the report.
enum class Reason {
  kReadyEndpoints,
  kTerminatingEndpoints,
  kNoEndpoints,
  kNoLocalEndpoints,
  kExternalName,
  kHeadless,
  kNoClusterIp,
  kOtherProxy,
};
/// A sentence for people: "no ready endpoint; using endpoints that terminate but still serve".
std::string_view explain(Reason reason);

/// One (VIP, protocol, port).
struct PlannedPort {
  std::string name;  ///< Of the service port; may be empty.
  IpAddress vip;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  Outcome outcome = Outcome::kReject;
  Reason reason = Reason::kNoEndpoints;
  std::vector<Target> endpoints;      ///< New connections are spread over these; sorted, unique.
  std::vector<Target> serving;        ///< Flows that exist may stay on these; sorted, unique.
  std::vector<IpAddress> localHosts;  ///< Addresses of `endpoints` that are on this node; sorted.
  bool operator==(const PlannedPort&) const = default;
};

struct PlannedService {
  std::optional<Reason> skipped;  ///< Set when the node does nothing for the service.
  std::vector<IpAddress> vips;
  std::vector<PlannedPort> ports;  ///< By VIP, then in the service's order.
  /// Seconds for sessionAffinity ClientIP; nullopt = none.
  std::optional<std::int64_t> affinityTimeout;
  bool operator==(const PlannedService&) const = default;
};

/// What the plan depends on besides the cluster's services.
struct NodeView {
  std::string name;  ///< Endpoints with this nodeName are local.
  /// Which services this proxy serves: the value of label service.kubernetes.io/service-proxy-name.
  std::string proxyName;
  std::string zone = {};  ///< Label topology.kubernetes.io/zone of the Node; may be empty.
  std::vector<IpAddress> addresses = {};  ///< The Node's InternalIPs.
  bool operator==(const NodeView&) const = default;
};

/// A service that is gone or has no Service object plans as skipped with kNoClusterIp.
PlannedService planFor(const ServiceState& state, const NodeView& node);

using ServicePlan = std::map<ServiceName, PlannedService>;
ServicePlan plan(const Snapshot& snapshot, const NodeView& node);

/// One line per decision: "10.96.0.10:53/UDP -> 2 endpoints: ready endpoints".
std::string explain(const PlannedService& service);

inline constexpr std::string_view kProxyNameLabel = "service.kubernetes.io/service-proxy-name";
inline constexpr std::string_view kHeadlessLabel = "service.kubernetes.io/headless";

}  // namespace hitless::service
