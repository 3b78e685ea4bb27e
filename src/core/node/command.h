#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "core/kube/json.h"
#include "core/node/handler.h"
#include "core/timeline/event.h"

/// What the pod machine wants done, as values. Whoever carries a command out reports back through
/// the machine's inputs; a token joins an answer to its question, and a stale answer is ignored.
namespace hitless::node {

/// Namespaces, network and volumes. Answer: sandboxReady or sandboxFailed.
struct MakeSandbox {
  bool operator==(const MakeSandbox&) const = default;
};

/// Answer: started or startFailed, later exited.
struct StartContainer {
  std::string container;
  std::int64_t attempt = 0;
  bool operator==(const StartContainer&) const = default;
};

/// Answer: probed.
struct RunProbe {
  std::uint64_t token = 0;
  std::string container;
  ProbeKind kind = ProbeKind::kReadiness;
  Handler handler;
  nanoseconds timeout{};
  bool operator==(const RunProbe&) const = default;
};

/// Answer: hookDone, unless it is cancelled before.
struct RunHook {
  std::uint64_t token = 0;
  std::string container;
  HookKind kind = HookKind::kPreStop;
  Handler handler;
  bool operator==(const RunHook&) const = default;
};

struct CancelHook {
  std::uint64_t token = 0;
  bool operator==(const CancelHook&) const = default;
};

enum class StopSignal { kTerm, kKill };

struct SignalContainer {
  std::string container;
  StopSignal signal = StopSignal::kTerm;
  bool operator==(const SignalContainer&) const = default;
};

/// Send the pod's new status to the API server. A later one makes an earlier one that is not sent
/// yet superfluous.
struct WriteStatus {
  kube::json::object status;
  bool operator==(const WriteStatus&) const = default;
};

/// An Event about the pod or, where `container` is set, about that container.
struct Emit {
  bool warning = false;
  std::string reason;
  std::string message;
  std::string container;
  bool operator==(const Emit&) const = default;
};

/// A line of the timeline.
struct Record {
  timeline::What what = timeline::What::kSigterm;
  std::string container;
  std::string detail;
  bool operator==(const Record&) const = default;
};

struct RemoveSandbox {
  bool operator==(const RemoveSandbox&) const = default;
};

/// Delete the object with gracePeriodSeconds 0 and the uid as a precondition, after the last
/// status.
struct DeletePod {
  bool operator==(const DeletePod&) const = default;
};

using Command = std::variant<MakeSandbox, StartContainer, RunProbe, RunHook, CancelHook,
                             SignalContainer, WriteStatus, Emit, Record, RemoveSandbox, DeletePod>;
using Commands = std::vector<Command>;

}  // namespace hitless::node
