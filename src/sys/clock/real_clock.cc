#include "sys/clock/real_clock.h"

#include <sys/random.h>

#include <cstdlib>

namespace hitless::sys {

WallTime RealClock::wall() const {
  return std::chrono::system_clock::now();
}
MonoTime RealClock::mono() const {
  return std::chrono::steady_clock::now();
}

std::uint64_t RealRng::next() {
  if (left_ == 0) {
    // getrandom() of up to 256 bytes neither blocks after boot nor is interrupted; 512 may be cut
    // short.
    auto* bytes = reinterpret_cast<char*>(buffer_);
    for (std::size_t filled = 0; filled < sizeof buffer_; filled += 256) {
      if (getrandom(bytes + filled, 256, 0) != 256) {
        std::abort();
      }
    }
    left_ = sizeof buffer_ / sizeof buffer_[0];
  }
  return buffer_[--left_];
}

}  // namespace hitless::sys
