#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/rng.h"
#include "core/load/spec.h"

namespace hitless::load {

/// When each request is due, counted from the start. It depends on nothing that the server does, so
/// a stall is seen by every request that falls into it (no coordinated omission).
class Schedule {
 public:
  /// `rng` is used by Poisson arrivals only and must outlive the schedule.
  Schedule(const LoadSpec& spec, Rng& rng);

  /// The next due time; nullopt when all have been taken.
  std::optional<nanoseconds> peek() const { return next_; }
  void take();
  /// Nothing more is due.
  void stop() { next_.reset(); }
  std::uint64_t taken() const { return taken_; }

 private:
  nanoseconds due();

  Rng& rng_;
  double rate_;
  Arrivals arrivals_;
  nanoseconds duration_;
  std::uint64_t count_;
  std::uint64_t taken_ = 0;
  double elapsed_ = 0;  ///< Seconds, of Poisson arrivals.
  std::optional<nanoseconds> next_;
};

}  // namespace hitless::load
