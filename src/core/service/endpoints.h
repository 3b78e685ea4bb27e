#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "core/service/snapshot.h"

/// Which endpoints of a service port get new connections, and why.
namespace hitless::service {

/// Where connections go.
struct Target {
  IpAddress ip;
  std::uint16_t port = 0;
  auto operator<=>(const Target&) const = default;
  std::string text() const;
};

/// What happens to a new connection.
enum class Outcome : std::uint8_t {
  kForward,
  kReject,  ///< Answered: with a reset or with ICMP port unreachable.
  kDrop,    ///< Not answered, so that the client tries again.
};

/// Why; one vocabulary for explanations, findings and the report.
enum class Reason : std::uint8_t {
  kReadyEndpoints,
  kSameNode,
  kSameZone,
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

/// Why one endpoint is used or not.
enum class Fate : std::uint8_t {
  kChosen,
  kNotServing,     ///< Neither ready nor serving.
  kNotReady,       ///< Serves, but is neither ready nor terminating.
  kTerminating,    ///< Terminates, and there are better ones.
  kOtherNode,      ///< The policy is Local and it is elsewhere.
  kHintElsewhere,  ///< Topology hints give it to other nodes or zones.
};
std::string_view explain(Fate fate);

/// What the plan depends on besides the cluster's services.
struct NodeView {
  std::string name;  ///< Endpoints with this nodeName are local.
  /// Which services this proxy serves: the value of label service.kubernetes.io/service-proxy-name.
  std::string proxyName;
  std::string zone = {};                  ///< Label topology.kubernetes.io/zone; may be empty.
  std::vector<IpAddress> addresses = {};  ///< The Node's InternalIPs.
  bool operator==(const NodeView&) const = default;
};

/// One endpoint of one service port.
struct Candidate {
  Target target;
  const Endpoint* endpoint = nullptr;  ///< In the state it was found in.
  bool local = false;
};

/// Of one family, from all slices of the service that have a port of that name and protocol.
std::vector<Candidate> candidatesFor(const ServiceState& state, const ServicePort& port,
                                     IpFamily family, const NodeView& node);

struct Choice {
  Outcome outcome = Outcome::kReject;
  Reason reason = Reason::kNoEndpoints;
  std::vector<Fate> fates;  ///< Of each candidate, in their order.
};

/// Ready endpoints that the policy and, for kCluster, the topology hints allow; if there is none,
/// those that terminate but serve (KEP-1669), whatever their hints. kLocal without any drops if
/// kCluster would have one (kube-proxy: a client behind a lagging load balancer tries again).
Choice choose(const std::vector<Candidate>& candidates, TrafficPolicy policy, const NodeView& node);

}  // namespace hitless::service
