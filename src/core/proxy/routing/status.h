#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/kube/resource.h"
#include "core/proxy/routing/objects.h"

/// What the gateway has to say about the objects that it serves.
namespace hitless::proxy::routing {

/// Types and reasons are Gateway API's (apis/v1 of sigs.k8s.io/gateway-api).
struct Condition {
  std::string type;
  bool holds = false;  ///< status True or False
  std::string reason;
  std::string message;
  bool operator==(const Condition&) const = default;
};

struct ListenerStatus {
  std::string name;
  std::vector<RouteKind> supportedKinds;
  std::int64_t attachedRoutes = 0;
  std::vector<Condition> conditions;
  bool operator==(const ListenerStatus&) const = default;
};

struct ParentStatus {
  ParentRef parent;
  std::vector<Condition> conditions;
  bool operator==(const ParentStatus&) const = default;
};

struct ObjectStatus {
  std::int64_t generation = 0;            ///< What of the object has been looked at.
  std::vector<Condition> conditions;      ///< Of a GatewayClass or Gateway.
  std::vector<ListenerStatus> listeners;  ///< Of a Gateway.
  std::vector<ParentStatus> parents;      ///< Of a route: those that are ours.
  bool operator==(const ObjectStatus&) const = default;
};

/// By resource and object. A route that has no parent of ours is in it without parents, so that
/// what was said about it before is taken back.
using StatusMap = std::map<std::pair<const kube::Resource*, ObjectName>, ObjectStatus>;

struct StatusContext {
  std::string controller;
  /// Where the gateway is reached: IP addresses or names.
  std::vector<std::string> addresses;
  WallTime now{};
};

/// The JSON merge patch that makes the status of the live object what it should be, bound to the
/// live resourceVersion; nullopt if it is that already. The time of a condition's last transition
/// stays as long as its status does. What other controllers say about a route stays.
std::optional<kube::json::object> statusPatch(const kube::Resource& resource,
                                              const kube::json::object& live,
                                              const ObjectStatus& wanted,
                                              const StatusContext& context);

}  // namespace hitless::proxy::routing
