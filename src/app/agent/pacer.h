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

 private:
  nanoseconds minPeriod_;
  MonoTime next_{};
  int failures_ = 0;
};

}  // namespace hitless::app
