#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/kube/json.h"

/// The gate's side at admission: the preStop hook that holds SIGTERM back until every node has
/// acknowledged the removal of the pod's endpoints. The embedded cluster and `hitless webhook` use
/// it alike; docs/gate.md tells users.
namespace hitless::drain {

/// Where every node's agent answers hooks (on 127.0.0.1) and peers (on the node's addresses).
inline constexpr std::uint16_t kAgentPort = 9470;
/// Joins a hook to its pod: the same random id is in this annotation and in the hook's path,
/// because the pod's name is not known at admission and hooks expand no variables. Before admission
/// it may say "off" or "on"; so may a label of this name, and either on the namespace.
inline constexpr std::string_view kGateAnnotation = "hitless.io/gate";
/// "replace": the gate takes the place of preStop hooks that the pod brings along.
inline constexpr std::string_view kPreStopAnnotation = "hitless.io/pre-stop";
/// Written at admission: the containers whose SIGTERM nothing holds, "app,log".
inline constexpr std::string_view kUngatedAnnotation = "hitless.io/ungated-containers";
inline constexpr std::string_view kGatePath = "/v1/gate/";
/// In place of an id: the pod is the one that the request comes from. For hooks of users.
inline constexpr std::string_view kGateSelf = "self";
inline constexpr std::string_view kWatermarkPath = "/v1/watermark";

/// What stands around the pod and has a say.
struct Surroundings {
  const kube::json::object* ns = nullptr;  ///< The pod's Namespace, if it is known.
  /// The minor version of Kubernetes whose Pod Security admission judges the pod; 0: nobody does.
  unsigned podSecurityMinor = 0;
};

struct Injection {
  std::vector<std::string> injected;     ///< Containers that got the hook.
  std::vector<std::string> keptOwnHook;  ///< Containers whose own preStop does not wait.
  std::vector<std::string> warnings;     ///< Sentences for whoever made the pod.
};

/// Adds the hook to every container of a pod that has none, unless the pod or its namespace opts
/// out, its grace period is 0, or it is not run by a node's agent (a mirror pod, Windows). May be
/// applied again: what it has done is kept, and containers that came since get the same id. Native
/// sidecars need none: their SIGTERM waits for the main containers (KEP-753).
Injection injectGate(kube::json::object& pod, const Surroundings& around, std::string_view gateId);

/// Whether a container has the hook.
bool isGated(const kube::json::object& container);

/// Why nothing holds the SIGTERM of these containers ("app,log"), and what to do.
std::string ungatedText(std::string_view containers);

}  // namespace hitless::drain
