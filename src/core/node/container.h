#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/node/pod_spec.h"
#include "core/node/probe_worker.h"
#include "core/node/restart_backoff.h"

namespace hitless::node {

enum class Role { kInit, kSidecar, kMain };

/// Where one container's current attempt stands.
enum class Stage {
  kWaiting,    ///< Not started yet, or a start has failed.
  kStarting,   ///< StartContainer is on its way.
  kPostStart,  ///< The process runs, its postStart hook too.
  kRunning,
  kExited,
};

/// Where the stopping of a running container stands (kubelet's killContainer, step by step).
enum class StopStage {
  kNone,
  kPreStop,  ///< The preStop hook runs, at most until the deadline.
  kTurn,     ///< A native sidecar waits for the containers that must exit before it.
  kTerm,     ///< SIGTERM is sent; SIGKILL follows at the deadline.
  kKilled,   ///< SIGKILL is sent.
};

struct ExitRecord {
  int code = 0;
  int signal = 0;
  std::string reason;  ///< Completed, Error, StartError
  std::string message;
  WallTime started{};
  WallTime finished{};
  std::string id;
};

struct ProbeSlot {
  ProbeWorker worker;
  std::uint64_t token = 0;  ///< Of the probe in flight.
};

/// One container of a pod through all its attempts.
struct Container {
  const ContainerSpec* spec = nullptr;
  Role role = Role::kMain;
  Stage stage = Stage::kWaiting;
  std::int64_t attempt = 0;  ///< The restart count.
  bool everStarted = false;
  bool started = false;       ///< Running, and the startup probe has passed if there is one.
  bool done = false;          ///< Will not run again.
  bool replacing = false;     ///< Killed by a probe and about to be started at once.
  std::string waitingReason;  ///< Of a failed start or a back-off; empty otherwise.
  std::string waitingMessage;
  WallTime startedWall{};
  MonoTime startedMono{};
  std::optional<ExitRecord> exit;  ///< Of the current attempt, when it has exited.
  std::optional<ExitRecord> last;  ///< Of the attempt before.
  std::vector<ProbeSlot> probes;
  std::uint64_t hookToken = 0;  ///< Of the hook in flight; 0: none.
  std::string imageId;

  RestartBackoff backoff;
  nanoseconds startRetry{};         ///< Delay after the last failed start.
  std::optional<MonoTime> startAt;  ///< Not before this time.

  StopStage stop = StopStage::kNone;
  std::int64_t graceLeft = 0;        ///< Seconds, whole ones as in kubelet.
  MonoTime stopSince{};              ///< When the current stop stage began.
  std::optional<MonoTime> deadline;  ///< Of the current stop stage.

  bool alive() const { return stage == Stage::kPostStart || stage == Stage::kRunning; }
  /// Runs, has started and its readiness probe passes.
  bool ready() const;
  bool succeeded() const { return stage == Stage::kExited && exit && exit->code == 0; }
};

inline bool Container::ready() const {
  if (role == Role::kInit) {
    return done && succeeded();
  }
  if (stage != Stage::kRunning || !started) {
    return false;
  }
  for (const ProbeSlot& slot : probes) {
    if (slot.worker.kind() == ProbeKind::kReadiness && !slot.worker.passing()) {
      return false;
    }
  }
  return true;
}

}  // namespace hitless::node
