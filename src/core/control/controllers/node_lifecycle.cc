#include "core/control/controllers/node_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/control/controllers/conditions.h"
#include "core/kube/workload.h"

namespace hitless::control {
namespace {

using kube::res::kNodes;
using kube::res::kPods;

/// The conditions that a kubelet keeps up to date and that nobody knows without it.
constexpr std::array<std::string_view, 4> kKubeletConditions{"Ready", "MemoryPressure",
                                                             "DiskPressure", "PIDPressure"};

/// The latest sign of life: lease, status heartbeat, or at least the registration.
WallTime lastSeen(const NodeState& state) {
  WallTime seen = state.node->meta.creationTimestamp;
  if (state.leaseRenewed) {
    seen = std::max(seen, *state.leaseRenewed);
  }
  if (const auto* conditions = kube::findArray(*state.object, {"status", "conditions"})) {
    for (const auto& entry : *conditions) {
      const auto* condition = entry.if_object();
      if (condition != nullptr && kube::text(*condition, {"type"}) == "Ready") {
        const auto heartbeat = parseTime(kube::text(*condition, {"lastHeartbeatTime"}));
        seen = std::max(seen, heartbeat.value_or(seen));
      }
    }
  }
  return seen;
}

kube::json::array unknownConditions(const NodeState& state, WallTime now) {
  kube::json::object copy = *state.object;
  for (const std::string_view type : kKubeletConditions) {
    const bool known = kube::findCondition(state.node->conditions, type) != nullptr;
    if (!known && type != "Ready") {
      continue;
    }
    kube::Condition unknown{
        std::string(type),
        "Unknown",
        known ? "NodeStatusUnknown" : "NodeStatusNeverUpdated",
        known ? "Kubelet stopped posting node status." : "Kubelet never posted node status.",
        now,
        {}};
    kube::ensureObject(copy, {"status"})["conditions"] = withCondition(copy, std::move(unknown));
  }
  return *kube::findArray(copy, {"status", "conditions"});
}

void markLost(const NodeState& state, WallTime now, Actions& actions) {
  actions.push_back(Patch{refTo(kNodes, state.node->meta),
                          "status",
                          {{"status", {{"conditions", unknownConditions(state, now)}}}}});
  actions.push_back(
      EmitEvent{refTo(kNodes, state.node->meta), "Normal", "NodeNotReady",
                fmt::format("Node {} status is now: NodeNotReady", state.node->meta.name),
                "node-controller"});
}

void markPodsNotReady(const NodeState& state, WallTime now, Actions& actions) {
  for (const PodOnNode& each : state.pods) {
    if (!each.pod->ready()) {
      continue;
    }
    kube::Condition notReady{"Ready", "False", "NodeNotReady", "Node is not ready", now, {}};
    actions.push_back(
        Patch{refTo(kPods, each.pod->meta),
              "status",
              {{"status", {{"conditions", withCondition(*each.object, std::move(notReady))}}}}});
    actions.push_back(EmitEvent{refTo(kPods, each.pod->meta), "Warning", "NodeNotReady",
                                "Node is not ready", "node-controller"});
  }
}

}  // namespace

Actions reconcile(const NodeState& state, WallTime now) {
  const WallTime limit = lastSeen(state) + state.gracePeriod;
  if (now < limit) {
    return {Requeue{limit - now}};
  }
  Actions actions;
  const auto* ready = kube::findCondition(state.node->conditions, "Ready");
  if (ready == nullptr || ready->status != "Unknown") {
    markLost(state, now, actions);
  }
  markPodsNotReady(state, now, actions);
  return actions;
}

Actions reconcile(const PodGarbageState& state, WallTime now) {
  const kube::Pod& pod = *state.pod;
  const Actions remove{Delete{refTo(kPods, pod.meta), 0}};
  if (pod.nodeName.empty()) {
    return pod.meta.terminating() ? remove : Actions{};
  }
  if (!state.nodeAbsentSince) {
    return {};
  }
  const WallTime end = *state.nodeAbsentSince + state.quarantine;
  if (pod.meta.terminating() || now >= end) {
    return remove;
  }
  return {Requeue{end - now}};
}

}  // namespace hitless::control
