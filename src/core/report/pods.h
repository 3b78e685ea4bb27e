#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/load/backend_lookup.h"
#include "core/timeline/event.h"

namespace hitless::report {

/// A process of a pod that ended without being told to.
struct Crash {
  WallTime time{};
  std::optional<WallTime> ready;           ///< The pod was ready again.
  std::string detail;                      ///< "exit 137 (signal 9)"
  std::optional<WallTime> endpointUpdate;  ///< Its IP left the ready addresses of a Service.
  std::optional<WallTime> rulesCommit;     ///< The client's node had applied that.
};

/// One thing that happened on a pod's way out.
struct Step {
  WallTime time{};
  std::string what;       ///< An event's name, "rules.committed".
  std::string node;       ///< Where, if on one.
  std::string container;  ///< Whose, if of one.
  std::string detail;
};

/// What happened to one pod, from the timeline. What was not seen is absent.
struct PodHistory {
  std::string name;  ///< "namespace/name"
  std::string ip;
  std::string node;
  WallTime firstSeen{};
  std::optional<WallTime> ready;
  std::optional<WallTime> deleted;
  std::optional<WallTime> endpointUpdate;  ///< Its IP left the ready addresses of a Service.
  std::uint64_t endpointRevision = 0;
  std::optional<WallTime> rulesCommit;  ///< The client's node has applied that update.
  std::optional<WallTime> gateHeld;
  std::optional<WallTime> gatePassed;
  std::string gateDetail;
  std::optional<WallTime> sigterm;  ///< The first, of several containers.
  std::optional<WallTime> sigkill;
  std::optional<WallTime> exited;  ///< The last.
  std::string exitDetail;
  std::optional<WallTime> gone;
  std::optional<WallTime> killed;  ///< A rehearsal killed it, for the last time.
  std::vector<Crash> crashes;
  std::vector<Step> steps;  ///< From its deletion on, in order of time.

  /// When it began to stop: SIGTERM, or its exit if that came first.
  std::optional<WallTime> stopping() const;
  /// Its work was over: it had ended by itself and in good order, as the pods of Jobs do.
  bool finished() const;
  /// The crash from which the pod had not come back at this time, or nullptr.
  const Crash* crashAt(WallTime time) const;
};

/// Every pod that the events name, in order of deletion and then of name.
std::vector<PodHistory> podHistories(const std::vector<timeline::Event>& events,
                                     const std::string& clientNode);

/// The pod that had this address at this time, or nullptr. Addresses are used again.
const PodHistory* podAt(const std::vector<PodHistory>& pods, const IpAddress& ip, WallTime time);

}  // namespace hitless::report
