#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "core/kube/json.h"
#include "core/load/backend_lookup.h"
#include "core/load/failure.h"
#include "core/load/histogram.h"
#include "core/load/spec.h"

namespace hitless::load {

/// One attempt that failed. Times that did not come are absent.
struct Failure {
  Cause cause = Cause::kLocalError;
  WallTime scheduled{};
  std::optional<WallTime> connect;  ///< connect() was called; absent on a reused connection.
  std::optional<WallTime> written;  ///< The kernel had taken the whole request.
  WallTime failed{};
  std::string errorName;            ///< "ECONNRESET"; empty if no system call failed.
  std::optional<Endpoint> backend;  ///< Where the connection led, if the kernel could tell.
  int attempt = 1;
  bool reusedConnection = false;
  int status = 0;  ///< Of the response, if there was one.
  std::string detail;
  bool operator==(const Failure&) const = default;
};

/// The requests that were due within one second, and what became of them.
struct SecondCounts {
  std::uint64_t sent = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  bool operator==(const SecondCounts&) const = default;
};

/// Failures of a kind: counted exactly, listed up to a limit.
struct FailureList {
  static constexpr std::size_t kListed = 5000;
  std::map<Cause, std::uint64_t> counts;
  std::vector<Failure> listed;
  bool operator==(const FailureList&) const = default;
};

/// What a load saw. Written and read as JSON; docs/load-output.md describes every field.
struct LoadResult {
  LoadSpec spec;
  WallTime started{};
  nanoseconds duration{0};  ///< From the start to the last answer.
  std::uint64_t scheduled = 0;
  std::uint64_t sent = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
  std::map<int, std::uint64_t> statuses;
  Histogram latency;    ///< Of succeeded requests, from the time they were due.
  Histogram sendDelay;  ///< From due to started: how exact the generator itself was.
  WallTime gapStart{};
  nanoseconds gap{0};  ///< The longest time without a success.
  std::vector<SecondCounts> seconds;
  FailureList failures;
  FailureList retries;  ///< First attempts that were made good by a second one.
  std::uint64_t connectionsOpened = 0;
  std::uint64_t connectionsClosedIdle = 0;  ///< By the server, with no request on them.
  std::uint64_t outstandingMax = 0;
  std::uint64_t outstandingCapHits = 0;  ///< Requests that had to wait because of the cap.
  std::string backendLookup;
  bool operator==(const LoadResult&) const = default;
};

kube::json::object toJson(const LoadResult& result);
/// Reads what toJson() wrote. Unknown fields are ignored, missing ones are zero.
Result<LoadResult> fromJson(const kube::json::object& object);
/// What was asked for, the member "load" of a result.
kube::json::object toJson(const LoadSpec& spec);
/// One failure as both the load's and the rehearsal's JSON show it.
kube::json::object toJson(const Failure& failure);

}  // namespace hitless::load
