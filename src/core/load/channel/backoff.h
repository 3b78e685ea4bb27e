#pragma once

#include "base/rng.h"
#include "core/load/channel/options.h"

namespace hitless::load {

/// gRPC's exponential back-off. C-core counts it from the start of an attempt, so an attempt that
/// took longer than that is followed by the next at once.
class Backoff {
 public:
  Backoff(const ChannelOptions& options, Rng& rng) : options_(options), rng_(rng) {}

  /// When the attempt after one that starts now may start. The first has no jitter.
  MonoTime next(MonoTime now);
  void reset() { current_ = nanoseconds{0}; }

 private:
  const ChannelOptions& options_;
  Rng& rng_;
  nanoseconds current_{0};  ///< Without jitter; 0 before the first attempt.
};

}  // namespace hitless::load
