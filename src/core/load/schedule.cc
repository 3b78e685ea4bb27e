#include "core/load/schedule.h"

#include <cmath>
#include <limits>

namespace hitless::load {

Schedule::Schedule(const LoadSpec& spec, Rng& rng)
    : rng_(rng),
      rate_(spec.rate),
      arrivals_(spec.arrivals),
      duration_(spec.duration.value_or(nanoseconds::max())),
      count_(spec.count.value_or(std::numeric_limits<std::uint64_t>::max())),
      next_(nanoseconds{0}) {}

void Schedule::take() {
  ++taken_;
  const nanoseconds at = due();
  next_ = taken_ < count_ && at < duration_ ? std::optional(at) : std::nullopt;
}

nanoseconds Schedule::due() {
  if (arrivals_ == Arrivals::kPoisson) {
    // The inverse of the exponential distribution at a uniform number in (0, 1].
    const double uniform = static_cast<double>((rng_.next() >> 11) + 1) * 0x1p-53;
    elapsed_ -= std::log(uniform) / rate_;
    return nanoseconds{static_cast<std::int64_t>(elapsed_ * 1e9)};
  }
  return nanoseconds{static_cast<std::int64_t>(static_cast<long double>(taken_) * 1e9L /
                                               static_cast<long double>(rate_))};
}

}  // namespace hitless::load
