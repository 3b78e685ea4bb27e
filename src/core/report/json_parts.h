#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "core/kube/json.h"

/// How times and durations look in a report's JSON.
namespace hitless::report {

/// Milliseconds, to the microsecond; whole ones as integers.
inline kube::json::value ms(nanoseconds duration) {
  const std::int64_t us = std::llround(static_cast<double>(duration.count()) / 1e3);
  return us % 1000 == 0 ? kube::json::value(us / 1000)
                        : kube::json::value(static_cast<double>(us) / 1e3);
}

inline kube::json::value ms(const std::optional<nanoseconds>& duration) {
  return duration ? ms(*duration) : kube::json::value(nullptr);
}

inline std::int64_t unixNs(WallTime time) {
  return time.time_since_epoch().count();
}

inline void putTime(kube::json::object& out, std::string_view key,
                    const std::optional<WallTime>& time) {
  if (time) {
    out.emplace(key, unixNs(*time));
  }
}

inline void putText(kube::json::object& out, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    out.emplace(key, text);
  }
}

}  // namespace hitless::report
