#include <fmt/format.h>

#include <algorithm>

#include "core/kube/table_kinds.h"

namespace hitless::kube {
namespace {

/// What the Ready, Status and Restarts columns say, gathered over all containers.
struct Summary {
  std::string status;
  std::int64_t total = 0;
  std::int64_t ready = 0;
  std::int64_t restarts = 0;
  std::optional<WallTime> lastRestart;

  void addRestarts(const json::object& container) {
    restarts += integer(container, {"restartCount"});
    const auto ended = parseTime(text(container, {"lastState", "terminated", "finishedAt"}));
    if (ended && (!lastRestart || *ended > *lastRestart)) {
      lastRestart = ended;
    }
  }
};

template <class F>
void forEachObject(const json::object& parent, std::initializer_list<std::string_view> path,
                   F each) {
  const json::array* list = findArray(parent, path);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (const json::object* object = (*list)[i].if_object()) {
      each(*object);
    }
  }
}

bool conditionTrue(const json::object& pod, std::string_view type) {
  bool found = false;
  forEachObject(pod, {"status", "conditions"}, [&](const json::object& condition) {
    found = found || (text(condition, {"type"}) == type && text(condition, {"status"}) == "True");
  });
  return found;
}

/// An init container that keeps running (restartPolicy Always).
bool isSidecar(const json::object& pod, std::string_view name) {
  bool sidecar = false;
  forEachObject(pod, {"spec", "initContainers"}, [&](const json::object& container) {
    sidecar = sidecar ||
              (text(container, {"name"}) == name && text(container, {"restartPolicy"}) == "Always");
  });
  return sidecar;
}

std::string endText(const json::object& terminated) {
  if (const std::string_view reason = text(terminated, {"reason"}); !reason.empty()) {
    return std::string(reason);
  }
  const std::int64_t signal = integer(terminated, {"signal"});
  return signal != 0 ? fmt::format("Signal:{}", signal)
                     : fmt::format("ExitCode:{}", integer(terminated, {"exitCode"}));
}

/// The status while an init container has not done its work; nullopt once it has.
std::optional<std::string> initText(const json::object& pod, const json::object& container,
                                    std::size_t index) {
  const json::object* ended = findObject(container, {"state", "terminated"});
  if (ended != nullptr && integer(*ended, {"exitCode"}) == 0) {
    return std::nullopt;
  }
  if (isSidecar(pod, text(container, {"name"})) && boolean(container, {"started"})) {
    return std::nullopt;
  }
  if (ended != nullptr) {
    return "Init:" + endText(*ended);
  }
  const std::string_view waiting = text(container, {"state", "waiting", "reason"});
  if (!waiting.empty() && waiting != "PodInitializing") {
    return fmt::format("Init:{}", waiting);
  }
  const json::array* all = findArray(pod, {"spec", "initContainers"});
  return fmt::format("Init:{}/{}", index, all == nullptr ? 0 : all->size());
}

/// Returns whether the pod is still initializing. Restarts of sidecars also go to `sidecars`.
bool addInitContainers(const json::object& pod, Summary& summary, Summary& sidecars) {
  const json::array* list = findArray(pod, {"status", "initContainerStatuses"});
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const json::object* container = (*list)[i].if_object();
    if (container == nullptr) {
      continue;
    }
    summary.addRestarts(*container);
    const bool sidecar = isSidecar(pod, text(*container, {"name"}));
    if (sidecar) {
      sidecars.addRestarts(*container);
    }
    if (auto status = initText(pod, *container, i)) {
      summary.status = std::move(*status);
      return true;
    }
    summary.ready += sidecar && boolean(*container, {"ready"}) ? 1 : 0;
  }
  return false;
}

void addContainers(const json::object& pod, Summary& summary) {
  bool anyRunning = false;
  const json::array* list = findArray(pod, {"status", "containerStatuses"});
  for (std::size_t i = list == nullptr ? 0 : list->size(); i-- > 0;) {
    const json::object* container = (*list)[i].if_object();
    if (container == nullptr) {
      continue;
    }
    summary.addRestarts(*container);
    const std::string_view waiting = text(*container, {"state", "waiting", "reason"});
    const json::object* ended = findObject(*container, {"state", "terminated"});
    if (!waiting.empty()) {
      summary.status = std::string(waiting);
    } else if (ended != nullptr) {
      summary.status = endText(*ended);
    } else if (boolean(*container, {"ready"}) &&
               findObject(*container, {"state", "running"}) != nullptr) {
      anyRunning = true;
      ++summary.ready;
    }
  }
  if (summary.status == "Completed" && anyRunning) {
    summary.status = conditionTrue(pod, "Ready") ? "Running" : "NotReady";
  }
}

std::string baseStatus(const json::object& pod) {
  std::string status(text(pod, {"status", "phase"}));
  if (const std::string_view reason = text(pod, {"status", "reason"}); !reason.empty()) {
    status = std::string(reason);
  }
  forEachObject(pod, {"status", "conditions"}, [&](const json::object& condition) {
    if (text(condition, {"type"}) == "PodScheduled" &&
        text(condition, {"reason"}) == "SchedulingGated") {
      status = "SchedulingGated";
    }
  });
  return status;
}

void overrideWhileDeleting(const json::object& pod, Summary& summary) {
  if (find(pod, {"metadata", "deletionTimestamp"}) == nullptr) {
    return;
  }
  const std::string_view phase = text(pod, {"status", "phase"});
  if (text(pod, {"status", "reason"}) == "NodeLost") {
    summary.status = "Unknown";
  } else if (phase != "Succeeded" && phase != "Failed") {
    summary.status = "Terminating";
  }
}

Summary summarize(const json::object& pod) {
  Summary summary;
  Summary sidecars;
  summary.status = baseStatus(pod);
  forEachObject(pod, {"spec", "containers"}, [&](const json::object&) { ++summary.total; });
  forEachObject(pod, {"spec", "initContainers"}, [&](const json::object& container) {
    summary.total += text(container, {"restartPolicy"}) == "Always" ? 1 : 0;
  });
  const bool initializing = addInitContainers(pod, summary, sidecars);
  if (!initializing || conditionTrue(pod, "Initialized")) {
    summary.restarts = sidecars.restarts;
    summary.lastRestart = sidecars.lastRestart;
    addContainers(pod, summary);
  }
  overrideWhileDeleting(pod, summary);
  return summary;
}

std::string restartsText(const Summary& summary, WallTime now) {
  if (summary.restarts == 0 || !summary.lastRestart) {
    return std::to_string(summary.restarts);
  }
  return fmt::format("{} ({} ago)", summary.restarts, humanDuration(now - *summary.lastRestart));
}

std::string gatesText(const json::object& pod) {
  std::size_t total = 0;
  std::size_t met = 0;
  forEachObject(pod, {"spec", "readinessGates"}, [&](const json::object& gate) {
    ++total;
    met += conditionTrue(pod, text(gate, {"conditionType"})) ? 1 : 0;
  });
  return total == 0 ? "<none>" : fmt::format("{}/{}", met, total);
}

std::string firstIp(const json::object& pod) {
  std::string ip;
  forEachObject(pod, {"status", "podIPs"}, [&](const json::object& entry) {
    ip = ip.empty() ? std::string(text(entry, {"ip"})) : ip;
  });
  return orNone(ip.empty() ? text(pod, {"status", "podIP"}) : std::string_view(ip));
}

}  // namespace

json::array podCells(const json::object& pod, WallTime now) {
  const Summary summary = summarize(pod);
  return {nameCell(pod),
          fmt::format("{}/{}", summary.ready, summary.total),
          summary.status,
          restartsText(summary, now),
          ageCell(pod, now),
          firstIp(pod),
          orNone(text(pod, {"spec", "nodeName"})),
          orNone(text(pod, {"status", "nominatedNodeName"})),
          gatesText(pod)};
}

}  // namespace hitless::kube
