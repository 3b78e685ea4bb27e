#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/kube/objects.h"
#include "core/node/container.h"
#include "core/node/pod_spec.h"

namespace hitless::node {

/// Everything that a pod's status is computed from.
struct PodState {
  PodSpec spec;
  std::vector<Container> containers;  ///< Init containers first, each list in the manifest's order.
  bool sandboxReady = false;
  bool initialized = false;  ///< Every init container is through.
  bool over = false;         ///< Nothing of the pod runs or will run again.
  std::string podIP;
  std::string hostIP;
  std::optional<WallTime> startTime;
  std::vector<kube::Condition>
      foreign;         ///< Conditions that others own: readiness gates, PodScheduled.
  std::string reason;  ///< status.reason of a pod that the node gave up.
  std::string message;
};

/// Remembers since when each condition has had its status.
class ConditionBook {
 public:
  WallTime since(const std::string& type, const std::string& status, WallTime now);

 private:
  struct Entry {
    std::string status;
    WallTime since{};
  };
  std::map<std::string, Entry> entries_;
};

/// Pending, Running, Succeeded or Failed (kubelet's getPhase).
std::string_view phaseOf(const PodState& state);
bool podReady(const PodState& state);
/// The status object: phase, conditions, container statuses, addresses.
kube::json::object statusOf(const PodState& state, ConditionBook& book, WallTime now);
/// "hitless://<pod uid>/<container>/<attempt>"
std::string containerId(const PodSpec& spec, const Container& container);

}  // namespace hitless::node
