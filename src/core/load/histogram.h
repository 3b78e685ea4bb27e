#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace hitless::load {

/// Counts durations in buckets that are at most 0.8 % wide, from 1 ns to more than an hour (longer
/// ones count as that). Two histograms merge without loss, so percentiles of several runs are
/// right.
class Histogram {
 public:
  void add(nanoseconds value, std::uint64_t count = 1);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  nanoseconds max() const { return max_; }
  /// The upper end of the bucket that holds the value of this rank; 0 < percent <= 100. Zero if
  /// empty.
  nanoseconds percentile(double percent) const;

  /// Upper end and count of every bucket that is not empty, in order.
  std::vector<std::pair<nanoseconds, std::uint64_t>> buckets() const;
  /// The histogram with these buckets; `max` is kept exactly.
  static Histogram of(const std::vector<std::pair<nanoseconds, std::uint64_t>>& buckets,
                      nanoseconds max);

  bool operator==(const Histogram&) const = default;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  nanoseconds max_{0};
};

}  // namespace hitless::load
