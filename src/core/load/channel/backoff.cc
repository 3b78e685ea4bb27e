#include "core/load/channel/backoff.h"

#include <algorithm>

namespace hitless::load {
namespace {

nanoseconds scaled(nanoseconds duration, double by) {
  return nanoseconds{static_cast<std::int64_t>(static_cast<double>(duration.count()) * by)};
}

}  // namespace

MonoTime Backoff::next(MonoTime now) {
  if (current_.count() == 0) {
    current_ = options_.initialBackoff;
    return now + current_;
  }
  current_ = std::min(scaled(current_, options_.backoffMultiplier), options_.maxBackoff);
  constexpr std::uint64_t kSteps = 1'000'001;
  const double uniform = 2.0 * static_cast<double>(rng_.below(kSteps)) / (kSteps - 1) - 1.0;
  return now + scaled(current_, 1 + options_.backoffJitter * uniform);
}

}  // namespace hitless::load
