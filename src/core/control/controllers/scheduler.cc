#include "core/control/controllers/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "core/control/controllers/conditions.h"
#include "core/kube/workload.h"

namespace hitless::control {
namespace {

using kube::res::kPods;

constexpr std::string_view kScheduler = "default-scheduler";

/// Why the node cannot take the pod, in the words of kube-scheduler's filters; empty if it can.
std::string obstacle(const PodPlacement& placement, const NodeLoad& load) {
  for (const Taint& taint : load.taints) {
    if (taint.effect == "PreferNoSchedule" || placement.tolerates(taint)) {
      continue;
    }
    return taint.key == kUnschedulableTaint
               ? "node(s) were unschedulable"
               : fmt::format("node(s) had untolerated taint {{{}: {}}}", taint.key, taint.value);
  }
  if (!placement.selects(*load.node)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  return load.pods >= load.maxPods ? "Too many pods" : "";
}

/// "0/3 nodes are available: 1 node(s) were unschedulable, 2 Too many pods. preemption: ..."
std::string unschedulableMessage(const std::map<std::string, int>& obstacles, std::size_t nodes) {
  if (nodes == 0) {
    return "no nodes available to schedule pods";
  }
  std::vector<std::string> reasons;
  for (const auto& [why, count] : obstacles) {
    reasons.push_back(fmt::format("{} {}", count, why));
  }
  std::sort(reasons.begin(), reasons.end());
  return fmt::format(
      "0/{0} nodes are available: {1}. preemption: 0/{0} nodes are available: {0} Preemption is "
      "not "
      "helpful for scheduling.",
      nodes, join(reasons, ", "));
}

Actions bind(const kube::Pod& pod, const std::string& node) {
  return {Bind{refTo(kPods, pod.meta), node},
          EmitEvent{refTo(kPods, pod.meta), "Normal", "Scheduled",
                    fmt::format("Successfully assigned {} to {}", pod.meta.key(), node),
                    std::string(kScheduler)}};
}

Actions refuse(const SchedulerState& state, const std::string& message, WallTime now) {
  const kube::Pod& pod = *state.pod;
  const auto* before = kube::findCondition(pod.conditions, "PodScheduled");
  if (before != nullptr && before->status == "False" && before->message == message) {
    return {};  // Said already; the pod is looked at again when a node changes.
  }
  kube::Condition condition{"PodScheduled", "False", "Unschedulable", message, now, {}};
  return {
      EmitEvent{refTo(kPods, pod.meta), "Warning", "FailedScheduling", message,
                std::string(kScheduler)},
      Patch{refTo(kPods, pod.meta),
            "status",
            {{"status", {{"conditions", withCondition(*state.object, std::move(condition))}}}}}};
}

}  // namespace

Actions reconcile(const SchedulerState& state, WallTime now) {
  const kube::Pod& pod = *state.pod;
  if (!pod.nodeName.empty() || pod.meta.terminating() || pod.finished() || state.placement.gated ||
      state.placement.schedulerName != kScheduler) {
    return {};
  }
  const NodeLoad* best = nullptr;
  std::map<std::string, int> obstacles;
  for (const NodeLoad& load : state.nodes) {
    const std::string why = obstacle(state.placement, load);
    if (!why.empty()) {
      ++obstacles[why];
    } else if (best == nullptr || std::tie(load.siblings, load.pods, load.node->meta.name) <
                                      std::tie(best->siblings, best->pods, best->node->meta.name)) {
      best = &load;
    }
  }
  if (best != nullptr) {
    return bind(pod, best->node->meta.name);
  }
  return refuse(state, unschedulableMessage(obstacles, state.nodes.size()), now);
}

}  // namespace hitless::control
