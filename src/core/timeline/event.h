#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

/// What happened in a cluster and when: the facts from which reports join each lost request with
/// its cause. Every process of the cluster appends its events to one file, a JSON object a line.
namespace hitless::timeline {

enum class What {
  kPodDeleted,        ///< The API server set deletionTimestamp.
  kEndpointsUpdated,  ///< The EndpointSlice controller wrote a slice; `detail` lists ready
                      ///< addresses.
  kRulesCommitted,    ///< An agent's kernel holds everything up to `revision`.
  kHookStarted,       ///< The kubelet called a container's preStop hook.
  kHookFinished,      ///< It returned; `detail` says how.
  kGateHeld,          ///< The gate began to wait for `revision`.
  kGateConnected,     ///< Every node is done; open connections, in `detail`, keep SIGTERM back.
  kGatePassed,        ///< It let go; `detail` names nodes that were missing, if any.
  kSigterm,           ///< Sent to the container's first process.
  kSigkill,
  kContainerExited,  ///< `detail` holds the exit code.
  kPodReady,         ///< The kubelet saw the pod become ready.
  kPodGone,          ///< The API server removed the object.
  kAgentStarted,
  kAgentStopped,   ///< Seen by the node that supervises it; `detail` says how it ended.
  kActionStarted,  ///< A rehearsal's action, in `detail`.
  kRolloutComplete,
  kPodCrashed,         ///< A rehearsal killed the pod's processes.
  kNodeCut,            ///< A rehearsal took the node's link to the others down.
  kNodeMended,         ///< It is up again.
  kNamesWithdrawn,     ///< An agent's names do not give `ip` any more; before its rules change.
                       ///< `pod` is "namespace/service".
  kAddressParked,      ///< New connections to a pod that goes wait for its successor.
  kAddressForwarded,   ///< They go to the successor, whose address is `detail`.
  kAddressTombstoned,  ///< The pod is gone: what is sent to its address is refused.
  kAddressReleased,    ///< Nothing is done with the address any more; `detail` says why.
  kSecondChanceBegun,  ///< Connections that other nodes send to a pod that goes are led elsewhere;
                       ///< `detail`: "10.1.2.3:8080 to 10.1.3.4:8080".
  kSecondChanceEnded,  ///< No more; `detail` holds address and port of the pod.
  kFlowsReset,         ///< Connections to pods that are gone were ended; `detail`: how many.
  kFlowsCleaned,       ///< Stale ones were forgotten; `detail`: how many.
  kSynReleased,        ///< Attempts to connect that waited were sent on; `detail`: how many.
  kUnknown,            ///< Another version's event: kept under its name, in Event::unknown.
};

struct Event {
  WallTime time{};
  What what = What::kPodDeleted;
  std::string node;  ///< Where; empty for the control plane.
  std::string pod;   ///< "namespace/name", or "namespace/service" for kEndpointsUpdated.
  std::string container;
  std::string ip;  ///< The pod's IP where it is known.
  std::uint64_t revision = 0;
  std::string detail;
  std::string unknown = {};  ///< The name in the file, of kUnknown.
  bool operator==(const Event&) const = default;
};

/// The stable name used in files and JSON output: "pod.deleted", "rules.committed".
std::string_view name(What what);
std::optional<What> whatOf(std::string_view name);
/// The same for an event, also for one that only its writer knew.
std::string_view name(const Event& event);

/// One line of JSON without the newline.
std::string encode(const Event& event);
/// kInvalid for what is no event at all; one of an unknown kind becomes kUnknown.
Result<Event> decode(std::string_view line);

/// Where a process reports its events (a file in the cluster's run directory; a vector in tests).
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void record(const Event& event) = 0;
};

}  // namespace hitless::timeline
