#pragma once

#include "base/clock.h"

namespace hitless::testing {

/// A clock that stands still until it is told to move.
class FakeClock : public Clock {
 public:
  WallTime wall() const override { return wall_; }
  MonoTime mono() const override { return mono_; }
  void advance(nanoseconds by) {
    wall_ += by;
    mono_ += by;
  }

 private:
  WallTime wall_{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  MonoTime mono_{seconds{1000}};
};

}  // namespace hitless::testing
