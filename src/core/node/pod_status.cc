#include "core/node/pod_status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hitless::node {
namespace {

using kube::Condition;
using kube::json::array;
using kube::json::object;

object terminatedState(const ExitRecord& exit) {
  object body{{"exitCode", exit.code},
              {"reason", exit.reason},
              {"startedAt", formatTime(exit.started)},
              {"finishedAt", formatTime(exit.finished)},
              {"containerID", exit.id}};
  if (exit.signal != 0) {
    body["signal"] = exit.signal;
  }
  if (!exit.message.empty()) {
    body["message"] = exit.message;
  }
  return object{{"terminated", std::move(body)}};
}

object waitingState(std::string_view reason, const std::string& message) {
  object body{{"reason", reason}};
  if (!message.empty()) {
    body["message"] = message;
  }
  return object{{"waiting", std::move(body)}};
}

/// Between an exit and the next start, and told why.
bool backingOff(const Container& container) {
  return container.exit && !container.waitingReason.empty();
}

object currentState(const PodState& state, const Container& container) {
  if (container.stage == Stage::kRunning) {
    return object{{"running", object{{"startedAt", formatTime(container.startedWall)}}}};
  }
  if (!container.waitingReason.empty()) {
    return waitingState(container.waitingReason, container.waitingMessage);
  }
  if (container.exit) {
    return terminatedState(*container.exit);
  }
  const bool hasInit = !state.spec.initContainers.empty();
  const bool creating = container.role != Role::kMain || state.initialized || !hasInit;
  return waitingState(creating ? "ContainerCreating" : "PodInitializing", {});
}

object lastState(const Container& container) {
  if (backingOff(container)) {
    return terminatedState(*container.exit);
  }
  return container.last ? terminatedState(*container.last) : object{};
}

object containerStatus(const PodState& state, const Container& container) {
  const bool exists = container.everStarted;
  return object{{"name", container.spec->name},
                {"state", currentState(state, container)},
                {"lastState", lastState(container)},
                {"ready", container.ready()},
                {"restartCount", container.attempt},
                {"image", container.spec->image},
                {"imageID", container.imageId},
                {"containerID", exists ? containerId(state.spec, container) : std::string()},
                {"started", container.stage == Stage::kRunning && container.started}};
}

array containerStatuses(const PodState& state, bool init) {
  array out;
  for (const Container& container : state.containers) {
    if ((container.role != Role::kMain) == init) {
      out.push_back(containerStatus(state, container));
    }
  }
  return out;
}

template <class Unready>
std::vector<std::string> names(const PodState& state, Unready unready) {
  std::vector<std::string> out;
  for (const Container& container : state.containers) {
    if (unready(container)) {
      out.push_back(container.spec->name);
    }
  }
  return out;
}

/// Sidecars count as well as main containers; ordinary init containers do not.
std::vector<std::string> unreadyContainers(const PodState& state) {
  return names(state, [](const Container& c) { return c.role != Role::kInit && !c.ready(); });
}

Condition condition(std::string type, bool status, std::string reason = {},
                    std::string message = {}) {
  return Condition{std::move(type),   status ? "True" : "False",
                   std::move(reason), std::move(message),
                   std::nullopt,      std::nullopt};
}

Condition initializedCondition(const PodState& state) {
  if (state.initialized) {
    const bool completed = phaseOf(state) == "Succeeded";
    return condition("Initialized", true, completed ? "PodCompleted" : "");
  }
  const auto waiting = names(state, [](const Container& c) {
    return c.role == Role::kInit ? !c.ready() : c.role == Role::kSidecar && !c.started;
  });
  return condition("Initialized", false, "ContainersNotInitialized",
                   fmt::format("containers with incomplete status: [{}]", fmt::join(waiting, " ")));
}

Condition containersReadyCondition(const PodState& state, std::string type) {
  const std::string_view phase = phaseOf(state);
  if (phase == "Succeeded" || phase == "Failed") {
    return condition(std::move(type), false, phase == "Failed" ? "PodFailed" : "PodCompleted");
  }
  const auto unready = unreadyContainers(state);
  if (unready.empty() && state.initialized) {
    return condition(std::move(type), true);
  }
  return condition(std::move(type), false, "ContainersNotReady",
                   fmt::format("containers with unready status: [{}]", fmt::join(unready, " ")));
}

/// Messages about readiness gates that do not hold.
std::vector<std::string> closedGates(const PodState& state) {
  std::vector<std::string> out;
  for (const std::string& gate : state.spec.readinessGates) {
    const auto it = std::find_if(state.foreign.begin(), state.foreign.end(),
                                 [&gate](const Condition& c) { return c.type == gate; });
    if (it == state.foreign.end()) {
      out.push_back(fmt::format(
          "corresponding condition of pod readiness gate \"{}\" does not exist.", gate));
    } else if (it->status != "True") {
      out.push_back(fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}",
                                gate, it->status));
    }
  }
  return out;
}

Condition readyCondition(const PodState& state) {
  Condition ready = containersReadyCondition(state, "Ready");
  const auto gates = closedGates(state);
  if (ready.status == "True" && !gates.empty()) {
    return condition("Ready", false, "ReadinessGatesNotReady",
                     fmt::format("{}", fmt::join(gates, ", ")));
  }
  return ready;
}

/// PodScheduled is the scheduler's; a pod that was bound without one has it all the same.
std::vector<Condition> conditions(const PodState& state) {
  std::vector<Condition> out{condition("PodReadyToStartContainers", state.sandboxReady),
                             initializedCondition(state), readyCondition(state),
                             containersReadyCondition(state, "ContainersReady")};
  out.insert(out.end(), state.foreign.begin(), state.foreign.end());
  const bool scheduled = std::any_of(out.begin(), out.end(),
                                     [](const Condition& c) { return c.type == "PodScheduled"; });
  if (!scheduled) {
    out.push_back(condition("PodScheduled", true));
  }
  return out;
}

array conditionArray(const PodState& state, ConditionBook& book, WallTime now) {
  array out;
  for (Condition& item : conditions(state)) {
    if (!item.lastTransitionTime) {
      item.lastTransitionTime = book.since(item.type, item.status, now);
    }
    object json = kube::toJson(item);
    json["lastProbeTime"] = nullptr;
    out.push_back(std::move(json));
  }
  return out;
}

/// How many main containers stand where.
struct Tally {
  int total = 0;
  int waiting = 0;  ///< Never started.
  int stopped = 0;
  int succeeded = 0;
};

Tally tallyOf(const PodState& state) {
  Tally out;
  for (const Container& container : state.containers) {
    if (container.role != Role::kMain) {
      continue;
    }
    ++out.total;
    out.waiting += container.everStarted || container.exit ? 0 : 1;
    out.stopped += container.exit ? 1 : 0;
    out.succeeded += container.succeeded() ? 1 : 0;
  }
  return out;
}

bool initFailed(const PodState& state) {
  return std::any_of(state.containers.begin(), state.containers.end(), [](const Container& c) {
    return c.role == Role::kInit && c.done && c.exit && c.exit->code != 0;
  });
}

}  // namespace

WallTime ConditionBook::since(const std::string& type, const std::string& status, WallTime now) {
  Entry& entry = entries_[type];
  if (entry.status != status) {
    entry = Entry{status, now};
  }
  return entry.since;
}

std::string_view phaseOf(const PodState& state) {
  const Tally tally = tallyOf(state);
  if (initFailed(state)) {
    return "Failed";
  }
  if (state.over) {
    // A pod that is over has a final phase, whatever its restart policy (kubernetes 1.27).
    return tally.stopped > 0 && tally.succeeded == tally.total ? "Succeeded" : "Failed";
  }
  if (!state.initialized || tally.waiting > 0) {
    return "Pending";
  }
  return "Running";
}

bool podReady(const PodState& state) {
  return readyCondition(state).status == "True";
}

std::string containerId(const PodSpec& spec, const Container& container) {
  return fmt::format("hitless://{}/{}/{}", spec.uid, container.spec->name, container.attempt);
}

object statusOf(const PodState& state, ConditionBook& book, WallTime now) {
  object out{{"phase", phaseOf(state)},
             {"conditions", conditionArray(state, book, now)},
             {"hostIP", state.hostIP},
             {"hostIPs", array{object{{"ip", state.hostIP}}}},
             {"containerStatuses", containerStatuses(state, false)},
             {"qosClass", qosClassOf(state.spec)}};
  if (state.startTime) {
    out["startTime"] = formatTime(*state.startTime);
  }
  if (!state.podIP.empty()) {
    out["podIP"] = state.podIP;
    out["podIPs"] = array{object{{"ip", state.podIP}}};
  }
  if (!state.spec.initContainers.empty()) {
    out["initContainerStatuses"] = containerStatuses(state, true);
  }
  if (!state.reason.empty()) {
    out["reason"] = state.reason;
    out["message"] = state.message;
  }
  return out;
}

}  // namespace hitless::node
