#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/service/plan.h"

/// Where a new connection to a service goes, and why: for people and for programs.
namespace hitless::service {

/// Where a connection begins, as the rules of a node tell sources apart.
enum class Origin {
  kPod,       ///< A pod of the node.
  kNode,      ///< The node itself, or a pod in its network namespace.
  kExternal,  ///< Anywhere else.
};
std::string_view name(Origin origin);

struct Source {
  Origin origin = Origin::kPod;
  std::optional<IpAddress> address;  ///< Decides about source ranges, if known.
};

struct ExplainedEndpoint {
  Target target;
  std::string node;
  std::string state;  ///< "ready", "serving, terminating", "not ready"
  Fate fate = Fate::kChosen;
};

/// One address of a service port.
struct ExplainedAddress {
  std::string address;  ///< "10.96.0.10:80/TCP", "node port 30080/TCP"
  std::string via;      ///< "cluster IP", "external IP", "load balancer IP", "node port"
  TrafficPolicy policy = TrafficPolicy::kCluster;  ///< The one that applies to this source.
  Outcome outcome = Outcome::kReject;
  std::string why;
  bool masqueraded = false;  ///< The endpoint sees the node's address.
  std::vector<ExplainedEndpoint> endpoints;
};

struct Explanation {
  std::optional<Reason> skipped;
  std::optional<std::int64_t> affinityTimeout;  ///< seconds
  std::vector<ExplainedAddress> addresses;
};

/// `port` picks service ports by name or number; empty: all.
Explanation explain(const ServiceState& state, const NodeView& node, const Source& source,
                    const std::string& port);

std::string textOf(const ServiceName& name, const NodeView& node, const Source& source,
                   const Explanation& explanation);
kube::json::object jsonOf(const ServiceName& name, const NodeView& node, const Source& source,
                          const Explanation& explanation);

}  // namespace hitless::service
