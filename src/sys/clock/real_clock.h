#pragma once

#include "base/clock.h"
#include "base/rng.h"

namespace hitless::sys {

/// The machine's clocks. Made by app/ and handed down.
class RealClock : public Clock {
 public:
  WallTime wall() const override;
  MonoTime mono() const override;
};

/// The kernel's random numbers (getrandom), buffered.
class RealRng : public Rng {
 public:
  std::uint64_t next() override;

 private:
  std::uint64_t buffer_[64] = {};
  std::size_t left_ = 0;
};

}  // namespace hitless::sys
