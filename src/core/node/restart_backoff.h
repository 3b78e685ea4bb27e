#pragma once

#include <algorithm>
#include <optional>

#include "base/clock.h"

namespace hitless::node {

/// CrashLoopBackOff of one container: the first restart at once, then 10 s, 20 s … 300 s after the
/// exit; forgotten once a container has run for 10 minutes.
class RestartBackoff {
 public:
  static constexpr nanoseconds kFirst = seconds{10};
  static constexpr nanoseconds kLongest = seconds{300};
  static constexpr nanoseconds kForgiven = seconds{600};

  /// How long to wait after an exit at `finished` of an attempt that began at `started`.
  nanoseconds next(MonoTime started, MonoTime finished) {
    if (finished - started >= kForgiven) {
      delay_.reset();
    }
    const nanoseconds now = delay_.value_or(nanoseconds{0});
    delay_ = delay_ ? std::min(*delay_ * 2, kLongest) : kFirst;
    return now;
  }

 private:
  std::optional<nanoseconds> delay_;  ///< Of the next restart; none: nothing has crashed yet.
};

}  // namespace hitless::node
