#pragma once

#include "base/rng.h"

namespace hitless::testing {

/// A counter scrambled by splitmix64: deterministic and different at each call.
class FakeRng : public Rng {
 public:
  explicit FakeRng(std::uint64_t seed = 1) : state_(seed) {}
  std::uint64_t next() override {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace hitless::testing
