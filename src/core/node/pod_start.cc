#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/node/pod_machine.h"

namespace hitless::node {
namespace {

constexpr nanoseconds kFirstStartRetry = seconds{1};
constexpr nanoseconds kLongestStartRetry = seconds{60};
constexpr int kStartErrorCode = 128;

struct StartErrorText {
  StartError error;
  std::string_view waitingReason;
};

constexpr StartErrorText kStartErrors[] = {
    {StartError::kImage, "ErrImageNeverPull"},
    {StartError::kConfig, "CreateContainerConfigError"},
    {StartError::kRun, "RunContainerError"},
};

std::string_view waitingReason(StartError error) {
  for (const StartErrorText& row : kStartErrors) {
    if (row.error == error) {
      return row.waitingReason;
    }
  }
  return "RunContainerError";
}

/// "10s", "2m40s", "5m0s": as Go prints durations of whole seconds.
std::string goSeconds(nanoseconds delay) {
  const auto total = std::chrono::duration_cast<seconds>(delay).count();
  return total < 60 ? fmt::format("{}s", total) : fmt::format("{}m{}s", total / 60, total % 60);
}

}  // namespace

bool PodMachine::starting() const {
  return std::any_of(state_.containers.begin(), state_.containers.end(), [](const Container& c) {
    return c.stage == Stage::kStarting ||
           (c.stage == Stage::kPostStart && c.stop == StopStage::kNone);
  });
}

/// How many containers, from the front, may run at all now: an init container that is not through
/// holds back what follows it until the pod is initialized.
std::size_t PodMachine::startable() const {
  const auto& all = state_.containers;
  for (std::size_t i = 0; i < all.size() && !state_.initialized; ++i) {
    const bool through = all[i].role == Role::kInit ? all[i].done : all[i].started;
    if (all[i].role != Role::kMain && !through) {
      return i + 1;
    }
  }
  return all.size();
}

void PodMachine::startNext() {
  // One at a time: a container's postStart hook holds the next one back, as injectors rely on.
  if (starting()) {
    return;
  }
  const std::size_t count = startable();
  state_.initialized = state_.initialized || count == state_.containers.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (startIfDue(state_.containers[i])) {
      return;
    }
  }
}

bool PodMachine::startIfDue(Container& container) {
  const bool idle = container.stage == Stage::kWaiting || container.stage == Stage::kExited;
  const bool due = !container.startAt || *container.startAt <= clock_->mono();
  if (!idle || container.done || !due) {
    return false;
  }
  const std::int64_t attempt = container.attempt + (container.exit ? 1 : 0);
  container.stage = Stage::kStarting;
  container.startAt.reset();
  out_.push_back(StartContainer{container.spec->name, attempt});
  return true;
}

void PodMachine::nextAttempt(Container& container) {
  container.attempt += container.exit ? 1 : 0;
  container.last = std::exchange(container.exit, std::nullopt);
  container.everStarted = true;
  container.waitingReason.clear();
  container.waitingMessage.clear();
  container.startedWall = clock_->wall();
  container.startedMono = clock_->mono();
}

void PodMachine::nowRunning(Container& container) {
  container.stage = Stage::kRunning;
  container.replacing = false;
  container.started = !container.spec->startup.has_value();
  startProbes(container);
  sendDueProbes();
}

Commands PodMachine::startFailed(std::string_view name, StartError error,
                                 const std::string& message) {
  Container* container = find(name);
  if (container == nullptr || container->stage != Stage::kStarting) {
    return finish();
  }
  emit(true, "Failed", "Error: " + message, container);
  container->replacing = false;
  if (error == StartError::kRun) {
    nextAttempt(*container);
    recordExit(*container, {kStartErrorCode, 0}, "StartError", message);
    decideRestart(*container, false);
    return finish();
  }
  container->stage = container->exit ? Stage::kExited : Stage::kWaiting;
  container->waitingReason = waitingReason(error);
  container->waitingMessage = message;
  container->startRetry =
      std::clamp(container->startRetry * 2, kFirstStartRetry, kLongestStartRetry);
  container->startAt = clock_->mono() + container->startRetry;
  return finish();
}

void PodMachine::recordExit(Container& container, ExitStatus status, std::string reason,
                            std::string message) {
  container.stage = Stage::kExited;
  container.started = false;
  container.stop = StopStage::kNone;
  container.deadline.reset();
  stopProbes(container, true);
  container.exit = ExitRecord{status.code,
                              status.signal,
                              std::move(reason),
                              std::move(message),
                              container.startedWall,
                              clock_->wall(),
                              containerId(state_.spec, container)};
}

Commands PodMachine::exited(std::string_view name, ExitStatus status) {
  Container* container = find(name);
  if (container == nullptr || !container->alive()) {
    return finish();
  }
  const bool killed = container->stop != StopStage::kNone;
  cancelHook(*container, "the container has exited");
  record(timeline::What::kContainerExited, *container,
         status.signal != 0 ? fmt::format("exit {} (signal {})", status.code, status.signal)
                            : fmt::format("exit {}", status.code));
  recordExit(*container, status, status.code == 0 ? "Completed" : "Error", {});
  decideRestart(*container, killed);
  return finish();
}

/// Whether a container that has exited is to run again.
bool PodMachine::restarts(const Container& container) const {
  if (stage_ != PodStage::kRunning) {
    return false;
  }
  const bool succeeded = container.succeeded();
  switch (container.role) {
    case Role::kSidecar:
      return true;
    case Role::kInit:
      return !succeeded && state_.spec.restartPolicy != RestartPolicy::kNever;
    case Role::kMain:
      return state_.spec.restartPolicy == RestartPolicy::kAlways ||
             (state_.spec.restartPolicy == RestartPolicy::kOnFailure && !succeeded);
  }
  return false;
}

void PodMachine::decideRestart(Container& container, bool killed) {
  if (!restarts(container)) {
    container.done = true;
    return;
  }
  const nanoseconds delay = container.backoff.next(container.startedMono, clock_->mono());
  container.replacing = killed && delay == nanoseconds{0};
  flushStatus();
  container.startAt = clock_->mono() + delay;
  if (delay == nanoseconds{0}) {
    return;
  }
  const std::string& name = container.spec->name;
  container.waitingReason = "CrashLoopBackOff";
  container.waitingMessage = fmt::format("back-off {} restarting failed container={} pod={}",
                                         goSeconds(delay), name, state_.spec.longName());
  emit(true, "BackOff",
       fmt::format("Back-off restarting failed container {} in pod {}", name,
                   state_.spec.longName()),
       &container);
}

/// No main container will run again, or none can because an init container has failed for good.
bool PodMachine::workDone() const {
  const auto& all = state_.containers;
  const bool initFailed = std::any_of(all.begin(), all.end(), [](const Container& c) {
    return c.role == Role::kInit && c.done && !c.succeeded();
  });
  return initFailed || std::all_of(all.begin(), all.end(), [](const Container& c) {
           return c.role != Role::kMain || c.done;
         });
}

}  // namespace hitless::node
