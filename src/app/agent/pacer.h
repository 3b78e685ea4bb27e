#pragma once

#include <algorithm>

#include "base/clock.h"

namespace hitless::app {

/// When the next sync may run: an isolated change at once, else `minPeriod` after the end of the
/// last one (kube-proxy's minSyncPeriod); after failures later and later.
class SyncPacer {
 public:
  explicit SyncPacer(nanoseconds minPeriod) : minPeriod_(minPeriod) {}

  MonoTime earliest(MonoTime now) const { return std::max(now, next_); }
  void succeeded(MonoTime end) {
    failures_ = 0;
    next_ = end + minPeriod_;
  }
  void failed(MonoTime end) {
    constexpr nanoseconds kFirst = milliseconds(100);
    constexpr nanoseconds kLongest = seconds(30);  // kube-proxy retries after syncPeriod, 30 s
    const nanoseconds pause =
        std::min(kLongest, kFirst * (std::int64_t{1} << std::min(failures_++, 20)));
    next_ = end + std::max(pause, minPeriod_);
  }
  /// Waives the period, but not the pause after a failure.
  void hurry(MonoTime now) {
    if (failures_ == 0) {
      next_ = now;
    }
  }

 private:
  nanoseconds minPeriod_;
  MonoTime next_{};
  int failures_ = 0;
};

/// When to put right what somebody else did: the first time at once, then later and later until it
/// has been quiet for a while, so that whoever does it again and again does not keep us busy.
class HealPacer {
 public:
  MonoTime next(MonoTime now) {
    constexpr nanoseconds kFirst = milliseconds(50);
    constexpr nanoseconds kLongest = seconds(5);
    constexpr nanoseconds kQuiet = seconds(10);
    if (now - last_ > kQuiet) {
      pause_ = {};
    }
    last_ = std::max(now, last_ + pause_);
    pause_ = std::clamp(pause_ * 2, kFirst, kLongest);
    return last_;
  }

 private:
  MonoTime last_{-seconds(3600)};
  nanoseconds pause_{};
};

}  // namespace hitless::app
