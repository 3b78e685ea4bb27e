#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "core/control/api_error.h"
#include "core/control/api_request.h"
#include "core/control/store.h"

namespace hitless::control {

/// One run of one container; its log is one file.
struct ContainerRun {
  std::string ns;
  std::string pod;
  std::string podUid;
  std::string container;
  std::int64_t restarts = 0;
  bool operator==(const ContainerRun&) const = default;
};

/// Where container logs are read from, in CRI format: "2026-11-21T19:40:02.123456789Z stdout F
/// text".
class LogSource {
 public:
  virtual ~LogSource() = default;
  /// Up to `limit` bytes from `offset`; empty at the (present) end. kNotFound: there is no log
  /// (yet).
  virtual Result<std::string> read(const ContainerRun& run, std::uint64_t offset,
                                   std::size_t limit) = 0;
};

/// What the log subresource was asked for.
struct LogQuery {
  ContainerRun run;
  bool follow = false;
  bool timestamps = false;
  std::optional<std::int64_t> tailLines;
  std::optional<WallTime> since;
  std::optional<std::uint64_t> limitBytes;
};

/// Chooses the container and its run; errors are worded as Kubernetes words them. Nothing for a pod
/// without a node: its log is empty.
ApiResult<std::optional<LogQuery>> logQuery(const kube::json::object& pod, const Query& query,
                                            WallTime now);

/// Whether that run of the container can still write: a follower ends when it cannot.
bool stillRunning(const Store& store, const ContainerRun& run);

/// Turns CRI records into what `kubectl logs` prints.
class LogPrinter {
 public:
  explicit LogPrinter(const LogQuery& query);
  /// Takes the next bytes of the file, at any boundary; gives text to send.
  std::string feed(std::string_view bytes);
  /// The end of what the file held when it was first read: the last `tailLines` lines come out.
  std::string endOfHistory();
  /// limitBytes has been reached.
  bool full() const { return full_; }

 private:
  void record(std::string_view line, std::string& out);
  void emit(std::string text, std::string& out);
  std::string limited(std::string text);

  bool timestamps_;
  std::optional<WallTime> since_;
  std::optional<std::size_t> tail_;
  std::optional<std::uint64_t> left_;
  std::string partial_;  ///< The beginning of a record.
  std::string line_;     ///< The beginning of a line that was logged in parts.
  std::deque<std::string> last_;
  bool history_ = true;
  bool full_ = false;
};

}  // namespace hitless::control
