#pragma once

#include <optional>

#include "core/load/channel/backoff.h"

namespace hitless::load {

/// When a channel may ask for the addresses of its name: C-core's polling resolver. Requests within
/// the interval after the last question began are joined into one question at its end; after a
/// failure the next question waits for the back-off.
class ResolutionPacer {
 public:
  ResolutionPacer(const ChannelOptions& options, Rng& rng)
      : interval_(options.resolutionInterval), backoff_(options, rng) {}

  /// Somebody wants new addresses. True: ask now.
  bool request(MonoTime now);
  void finished(bool found, MonoTime now);
  /// True: a question that had to wait is due; ask now.
  bool tick(MonoTime now);
  std::optional<MonoTime> deadline() const { return timer_; }

 private:
  bool start(MonoTime now);

  nanoseconds interval_;
  Backoff backoff_;
  bool running_ = false;
  std::optional<MonoTime> started_;
  std::optional<MonoTime> timer_;
};

}  // namespace hitless::load
