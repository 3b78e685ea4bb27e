#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/load/histogram.h"
#include "core/report/attribution.h"
#include "core/report/outage.h"
#include "core/report/rehearsal.h"

namespace hitless::report {

/// What happened to a pod that failures are compared with.
struct Anchor {
  std::string_view id;     ///< In JSON: "podDeleted".
  std::string_view title;  ///< In tables: "pod deletion".
  std::optional<WallTime> PodHistory::*time;
};

inline constexpr std::array<Anchor, 4> kAnchors = {{
    {"podDeleted", "pod deletion", &PodHistory::deleted},
    {"sigterm", "SIGTERM", &PodHistory::sigterm},
    {"endpointUpdate", "endpoint update", &PodHistory::endpointUpdate},
    {"rulesCommit", "rule commit", &PodHistory::rulesCommit},
}};

struct Range {
  nanoseconds least{};
  nanoseconds greatest{};
  bool operator==(const Range&) const = default;
};

/// The failures of one cause and class.
struct FailureGroup {
  load::Cause cause{};
  FailureClass failureClass{};
  std::uint64_t count = 0;
  std::array<std::optional<Range>, kAnchors.size()>
      since;                                    ///< After (negative: before) the anchor.
  std::map<std::string, std::uint64_t> pods;    ///< By the backend's pod.
  std::string evidence;                         ///< Of the last of them.
  std::map<FailureClass, std::uint64_t> roots;  ///< Of waits: what they began with.
};

struct Totals {
  std::uint64_t sent = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
};

/// An agent that died; `back` is when its successor reported for the first time.
struct AgentOutage {
  std::string node;
  WallTime stopped{};
  std::string detail;
  std::optional<WallTime> back;
};

/// A load and what became of it.
struct LoadReport {
  const NamedLoad* load = nullptr;    ///< Of the run that was analysed.
  std::vector<Attribution> failures;  ///< One for each that is listed.
  std::vector<OutageStory> outages;   ///< The longest first.
};

/// A gate that let go without every node's word.
struct GateWait {
  std::string pod;
  std::string detail;
};

/// What one profile's run comes to.
struct ProfileReport {
  ProfileReport() = default;
  ProfileReport(const ProfileReport&) = delete;
  ProfileReport& operator=(const ProfileReport&) = delete;

  std::string profile;
  Totals totals;
  load::Histogram latency;                ///< Of all loads together.
  std::optional<nanoseconds> longestGap;  ///< Absent if no load says so.
  std::map<load::Cause, std::uint64_t> causes;
  std::map<load::Cause, std::uint64_t> retryCauses;
  std::optional<WallTime> actionStarted;
  std::optional<nanoseconds> rollout;  ///< From the action to the complete rollout.
  std::optional<nanoseconds> over;     ///< From the action until the last old pod was gone, too.
  std::optional<nanoseconds> longestGate;
  std::optional<nanoseconds> longestReconnect;  ///< Of all loads that have channels.
  Facts facts;
  std::vector<LoadReport> loads;
  std::vector<FailureGroup> groups;  ///< The largest first, what is not listed last.
  std::vector<AgentOutage> agents;
  std::vector<GateWait> gateWaits;
};

/// The report points into itself and into the run: it cannot be copied, and the run must outlive
/// it.
std::unique_ptr<const ProfileReport> analyse(const ProfileRun& run);

}  // namespace hitless::report
