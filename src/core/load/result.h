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

/// A gRPC status: its code and message.
struct GrpcStatus {
  int code = 0;
  std::string message;
  bool operator==(const GrpcStatus&) const = default;
};

/// One attempt that failed. Times that did not come are absent.
struct Failure {
  Cause cause = Cause::kLocalError;
  WallTime scheduled{};
  std::optional<WallTime> resolved;  ///< The name server gave the address that was used.
  std::optional<WallTime> connect;   ///< connect() was called; absent on a reused connection.
  std::optional<WallTime> written;   ///< The kernel had taken the whole request.
  WallTime failed{};
  std::optional<WallTime> backoffUntil;  ///< The channel was waiting to connect again, until then.
  std::string errorName;                 ///< "ECONNRESET"; empty if no system call failed.
  std::optional<Endpoint> backend;       ///< Where the connection led, if the kernel could tell.
  int attempt = 1;
  bool reusedConnection = false;
  int status = 0;                       ///< Of the response, if there was one.
  std::string host;                     ///< Of the URL's hosts the one tried, if it names several.
  std::optional<Endpoint> destination;  ///< What was dialled, where that is not fixed by the URL.
  std::optional<GrpcStatus> grpc;       ///< As a gRPC client reports it to its application.
  std::optional<std::uint32_t> goaway;  ///< Error code of a GOAWAY that came before (RFC 9113 7).
  std::optional<std::uint32_t> reset;   ///< Error code of the RST_STREAM that ended the stream.
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

/// A time in which a channel (gRPC and HTTP/2) that had been READY was wanted and was not.
struct Reconnect {
  std::string host;  ///< Of the URL, with the port.
  WallTime lost{};
  std::optional<WallTime> back;  ///< Absent if it was not READY again before the load's end.
  nanoseconds duration{0};       ///< Until it was back, or until the end.
  std::uint64_t attempts = 0;    ///< To connect, the last one included.
  std::string lastError;         ///< Of the last attempt that failed; empty if none did.
  bool operator==(const Reconnect&) const = default;
};

struct ReconnectList {
  static constexpr std::size_t kListed = 1000;
  std::uint64_t count = 0;
  nanoseconds longest{0};
  std::vector<Reconnect> listed;
  bool operator==(const ReconnectList&) const = default;
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
  std::map<int, std::uint64_t> grpcStatuses;  ///< Of RPCs, those that failed here included.
  Histogram latency;    ///< Of succeeded requests, from the time they were due.
  Histogram sendDelay;  ///< From due to started: how exact the generator itself was.
  WallTime gapStart{};
  nanoseconds gap{0};  ///< The longest time without a success.
  std::vector<SecondCounts> seconds;
  FailureList failures;
  FailureList retries;  ///< First attempts that were made good by a second one.
  std::uint64_t connectionsOpened = 0;
  std::uint64_t connectionsClosedIdle = 0;  ///< By the server, with no request on them.
  ReconnectList reconnects;
  std::uint64_t outstandingMax = 0;
  std::uint64_t outstandingCapHits = 0;  ///< Requests that had to wait because of the cap.
  std::string backendLookup;
  std::vector<std::string> notes;  ///< What else a reader should know, a sentence each.
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
