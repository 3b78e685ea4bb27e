#pragma once

#include <set>
#include <string>

#include "app/agent/pod_isolation.h"
#include "core/kube/json.h"

/// What goes through the agent's door for pods, as JSON.
namespace hitless::app {

/// Paths of the door. POST; but for kPodDoorHealth, GET.
inline constexpr const char* kPodsAdd = "/v1/pods/add";
inline constexpr const char* kPodsDel = "/v1/pods/del";
inline constexpr const char* kPodsCheck = "/v1/pods/check";
inline constexpr const char* kPodsCollect = "/v1/pods/collect";
inline constexpr const char* kPodDoorHealth = "/healthz";

inline constexpr const char* kDefaultPodSocket = "/run/hitless/agent.sock";

/// A claim, and which of the pod's sandboxes makes it.
struct PodRequest {
  PodSandboxClaim claim;
  std::string sandbox;       ///< The runtime's id of it; may be empty.
  std::string network = {};  ///< The name of the network that the addresses are of; may be empty.
  bool operator==(const PodRequest&) const = default;
};

/// {"namespace", "name", "uid", "sandbox", "network", "addresses": ["10.1.2.3"]}
std::string jsonOf(const PodRequest& request);
kube::json::object toJson(const PodRequest& request);
/// The error names the field that is wrong.
Result<PodRequest> podRequestOf(const std::string& json);

/// The sandboxes of a network that there are: claims of others are to end.
struct ValidSandboxes {
  std::string network;
  std::set<std::string> sandboxes;
};
/// {"network", "sandboxes": ["4f5a"]}
std::string jsonOf(const ValidSandboxes& valid);
Result<ValidSandboxes> validSandboxesOf(const std::string& json);

/// The door's answer: its HTTP status, and {} or {"error", "hint"}.
struct DoorAnswer {
  int status = 200;
  std::string body;
};
DoorAnswer doorAnswerOf(const Status& status);
Status statusOf(const DoorAnswer& answer);

}  // namespace hitless::app
