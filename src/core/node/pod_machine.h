#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "core/node/command.h"
#include "core/node/pod_status.h"

namespace hitless::node {

struct ExitStatus {
  int code = 0;  ///< 128 + signal where a signal ended it.
  int signal = 0;
};

enum class StartError {
  kImage,   ///< The image cannot be resolved: ErrImageNeverPull.
  kConfig,  ///< A ConfigMap or Secret is missing: CreateContainerConfigError.
  kRun,     ///< The process could not be made: counts as an exit with code 128.
};

struct ProbeAnswer {
  bool success = false;
  std::string message;
};

/// One pod's life on its node, as kubelet lives it: events in, commands out, no I/O and no waiting.
/// Containers start one after another, are restarted with back-off, and stop together; native
/// sidecars (KEP-753) start before and stop after the others. Call tick() when nextDeadline() has
/// come.
class PodMachine {
 public:
  /// `pod` is the API object as first seen; its status tells of attempts before the node's restart.
  PodMachine(const Clock& clock, const kube::json::object& pod, std::string hostIP);
  PodMachine(const PodMachine&) = delete;
  PodMachine& operator=(const PodMachine&) = delete;

  /// The first commands. A pod that is finished or already deleted is not started.
  Commands begin();
  /// The object has changed. A new or shorter grace period counts from now.
  Commands updated(const kube::json::object& pod);
  /// The object is gone: stop what still runs, in the shortest time.
  Commands forgotten();

  Commands sandboxReady(std::string podIP);
  /// `reason` is the Event's: FailedCreatePodSandBox, FailedMount. Retried with growing delays.
  Commands sandboxFailed(const std::string& reason, const std::string& message);
  /// `image` says what the image turned out to be.
  Commands started(std::string_view container, const std::string& image);
  Commands startFailed(std::string_view container, StartError error, const std::string& message);
  Commands exited(std::string_view container, ExitStatus status);
  Commands probed(std::uint64_t token, const ProbeAnswer& answer);
  Commands hookDone(std::uint64_t token, bool success, const std::string& message);
  Commands tick();

  std::optional<MonoTime> nextDeadline() const;
  /// As in the last WriteStatus.
  const kube::json::object& status() const { return written_; }
  const PodState& state() const { return state_; }
  /// Nothing runs and the sandbox has been given back.
  bool over() const { return stage_ == PodStage::kOver; }

 private:
  enum class PodStage { kNew, kRunning, kTerminating, kOver };
  enum class Sandbox { kNone, kMaking, kReady, kRemoved };

  // pod_machine.cc: inputs and what every input ends with.
  Commands finish();
  void flushStatus();
  void advance();
  void makeSandbox();
  void endIfStopped();
  Container* find(std::string_view name);
  void emit(bool warning, std::string reason, std::string message, const Container* about);
  void record(timeline::What what, const Container& container, std::string detail = {});
  bool deletionSeen(const kube::json::object& pod);

  // pod_start.cc: which container to start next, what an exit leads to.
  void startNext();
  bool startIfDue(Container& container);
  void nextAttempt(Container& container);
  void nowRunning(Container& container);
  void recordExit(Container& container, ExitStatus status, std::string reason, std::string message);
  void decideRestart(Container& container, bool killed);
  bool restarts(const Container& container) const;
  bool workDone() const;
  bool starting() const;
  std::size_t startable() const;

  // pod_stop.cc: termination of the pod and of single containers.
  void terminate(std::int64_t grace);
  void shorten(std::int64_t grace);
  void stopContainer(Container& container, std::int64_t grace, std::string message);
  void awaitTurn(Container& container);
  void sendTerm(Container& container);
  void stopDeadline(Container& container);
  void spendGrace(Container& container);
  bool hasTurn(const Container& container) const;
  void giveTurns();
  std::int64_t graceLeftNow() const;

  // pod_checks.cc: probes and hooks.
  void startProbes(Container& container);
  void stopProbes(Container& container, bool readinessToo);
  void sendDueProbes();
  void probeFailed(Container& container, const ProbeWorker& worker);
  std::optional<MonoTime> probeDue(const Container& container, const ProbeSlot& slot) const;
  void runHook(Container& container, HookKind kind, const Handler& handler);
  void cancelHook(Container& container, const std::string& why);

  const Clock* clock_;
  PodState state_;
  ConditionBook book_;
  PodStage stage_ = PodStage::kNew;
  Sandbox sandbox_ = Sandbox::kNone;
  bool deleted_ = false;               ///< The API object carries a deletionTimestamp.
  bool forgotten_ = false;             ///< The API object is gone.
  bool untouched_ = false;             ///< Finished or deleted when first seen: never started here.
  std::optional<std::int64_t> grace_;  ///< Seconds, of the termination under way.
  MonoTime graceSince_{};
  std::optional<MonoTime> sandboxRetryAt_;
  nanoseconds sandboxRetry_{};
  bool wasReady_ = false;
  std::uint64_t lastToken_ = 0;
  kube::json::object written_;
  Commands out_;
};

}  // namespace hitless::node
