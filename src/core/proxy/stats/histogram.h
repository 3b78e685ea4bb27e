#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/clock.h"

namespace hitless::proxy {

/// A distribution in Envoy's default buckets, 0.5 to 3,600,000, in milliseconds or bytes.
class StatHistogram {
 public:
  static constexpr std::size_t kBounds = 19;
  static std::span<const double> bounds();

  void add(double value);
  void add(nanoseconds duration) { add(static_cast<double>(duration.count()) / 1e6); }
  void merge(const StatHistogram& other);

  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }
  /// Not cumulative; the last is above all bounds.
  std::span<const std::uint64_t> counts() const { return counts_; }
  /// The value of this rank, 0 to 1, as far as buckets tell: linear within one.
  double quantile(double rank) const;

 private:
  std::array<std::uint64_t, kBounds + 1> counts_{};
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace hitless::proxy
