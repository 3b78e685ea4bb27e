#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/kube/json.h"

/// The gate's side at admission: the preStop hook that holds SIGTERM back until every node has
/// acknowledged the removal of the pod's endpoints.
namespace hitless::drain {

/// Where every node's agent answers hooks (on 127.0.0.1) and peers (on the node's addresses).
inline constexpr std::uint16_t kAgentPort = 9470;
/// Joins a hook to its pod: the same random id is in this annotation and in the hook's path,
/// because the pod's name is not known at admission and hooks expand no variables. "off" in a
/// manifest opts out.
inline constexpr std::string_view kGateAnnotation = "hitless.io/gate";
inline constexpr std::string_view kGatePath = "/v1/gate/";
inline constexpr std::string_view kWatermarkPath = "/v1/watermark";

struct Injection {
  std::vector<std::string> injected;     ///< Containers that got the hook.
  std::vector<std::string> keptOwnHook;  ///< Containers left alone because they have a preStop.
};

/// Adds the hook to every container of a pod that has none, unless the pod opts out or its grace
/// period is 0. Native sidecars need none: their SIGTERM waits for the main containers (KEP-753).
Injection injectGate(kube::json::object& pod, std::string_view gateId);

}  // namespace hitless::drain
