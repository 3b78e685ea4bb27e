#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hitless {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// Time that people and API objects use (UTC). Comparable between the processes of one machine.
using WallTime = std::chrono::sys_time<nanoseconds>;
/// Time for intervals and deadlines; never jumps.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, nanoseconds>;

/// Where time comes from. Real ones are made by app/ only; tests use testing/fake_clock.h.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

/// metav1.Time: RFC 3339 in UTC with whole seconds, "2026-11-21T19:40:02Z".
std::string formatTime(WallTime time);
/// metav1.MicroTime: RFC 3339 in UTC with six decimals.
std::string formatMicroTime(WallTime time);
/// Accepts any RFC 3339 time (fraction and offset allowed); nullopt if it is none.
std::optional<WallTime> parseTime(std::string_view text);
/// "5s", "4m10s", "3h5m", "2d": the ages in kubectl's tables (apimachinery duration.HumanDuration).
std::string humanDuration(nanoseconds duration);
/// Go's duration syntax as flags and configuration use it: "1.5s", "300ms", "1h2m"; nullopt if it
/// is none.
std::optional<nanoseconds> parseDuration(std::string_view text);

}  // namespace hitless
