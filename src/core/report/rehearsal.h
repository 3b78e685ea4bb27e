#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/load/result.h"
#include "core/timeline/event.h"

/// From what clients saw and what happened in the cluster to why requests were lost.
namespace hitless::report {

struct NamedLoad {
  std::string name;  ///< "keep-alive"
  load::LoadResult result;
  /// The program that made the load, if it was one of the scenario's own. What it did not say of
  /// itself is unknown: an empty URL.
  std::string client = {};
};

/// One profile's run: everything that was measured.
struct ProfileRun {
  std::string profile;     ///< "hitless", "stock"
  std::string clientNode;  ///< The node whose packet rules the loads went through.
  std::vector<NamedLoad> loads;
  std::vector<timeline::Event> events;  ///< In any order.
  // Where absent, taken from the events.
  std::optional<WallTime> actionStarted;
  std::optional<WallTime> rolloutComplete;
  std::optional<WallTime> lastPodGone;
};

struct Rehearsal {
  std::string scenario;
  std::string action;  ///< As written.
  int nodes = 0;
  std::vector<ProfileRun> profiles;  ///< In the order to show them.
  std::string expectProfile = "hitless";
  std::uint64_t expectFailed = 0;  ///< At most so many lost requests in that profile.
};

/// True if the expected profile was run, sent something, and lost no more than expected.
bool passed(const Rehearsal& rehearsal);

}  // namespace hitless::report
