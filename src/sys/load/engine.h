#pragma once

#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/rng.h"
#include "core/load/backend_lookup.h"
#include "core/load/result.h"
#include "core/load/spec.h"
#include "sys/load/poller.h"

namespace hitless::sys {

/// Where and when a load runs.
struct LoadRun {
  load::LoadSpec spec;
  load::Endpoint destination;       ///< What an http:// URL's host stands for, if nobody is asked.
  std::optional<WallTime> startAt;  ///< Now, if absent or past.
  int stopFd = -1;  ///< Readable = send no more, finish what is in flight. -1 for none.
};

/// The poller's tag of stopFd.
inline constexpr std::uint64_t kStopTag = Poller::kTimer - 1;

/// When the first request is due.
MonoTime startTime(const LoadRun& run, const Clock& clock);

/// Makes the load on one thread and returns when the last answer is in. `clock` must run on the
/// kernel's CLOCK_MONOTONIC.
Result<load::LoadResult> runLoad(const LoadRun& run, const Clock& clock, Rng& rng,
                                 load::BackendLookup& lookup);

}  // namespace hitless::sys
