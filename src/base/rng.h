#pragma once

#include <cstdint>

namespace hitless {

/// Where randomness comes from. Tests use testing/fake_rng.h, which is deterministic.
class Rng {
 public:
  virtual ~Rng() = default;
  /// Uniform over all 64-bit values.
  virtual std::uint64_t next() = 0;
  /// Uniform over [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
};

}  // namespace hitless
