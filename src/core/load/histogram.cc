#include "core/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hitless::load {
namespace {

// Values below 128 have a bucket each; every further power of two is cut into 128 buckets.
constexpr unsigned kPrecision = 7;
constexpr std::uint64_t kSubBuckets = 1ULL << kPrecision;
constexpr std::uint64_t kLargest = (1ULL << 42) - 1;

std::size_t indexOf(nanoseconds duration) {
  const std::uint64_t value = std::min<std::uint64_t>(
      static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)), kLargest);
  if (value < kSubBuckets) {
    return value;
  }
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kPrecision - 1;
  return kSubBuckets * (shift + 1) + ((value >> shift) - kSubBuckets);
}

nanoseconds upperEnd(std::size_t index) {
  if (index < kSubBuckets) {
    return nanoseconds{index};
  }
  const std::size_t shift = index / kSubBuckets - 1;
  const std::uint64_t mantissa = kSubBuckets + index % kSubBuckets;
  return nanoseconds{((mantissa + 1) << shift) - 1};
}

}  // namespace

void Histogram::add(nanoseconds value, std::uint64_t count) {
  const std::size_t index = indexOf(value);
  if (index >= counts_.size()) {
    counts_.resize(index + 1);
  }
  counts_[index] += count;
  count_ += count;
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  counts_.resize(std::max(counts_.size(), other.counts_.size()));
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    counts_[i] += other.counts_[i];
  }
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

nanoseconds Histogram::percentile(double percent) const {
  const auto rank = static_cast<std::uint64_t>(
      std::max(1.0, std::ceil(percent / 100.0 * static_cast<double>(count_) - 1e-9)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank && counts_[i] > 0) {
      return std::min(upperEnd(i), max_);
    }
  }
  return max_;
}

std::vector<std::pair<nanoseconds, std::uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<nanoseconds, std::uint64_t>> out;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) {
      out.emplace_back(upperEnd(i), counts_[i]);
    }
  }
  return out;
}

Histogram Histogram::of(const std::vector<std::pair<nanoseconds, std::uint64_t>>& buckets,
                        nanoseconds max) {
  Histogram out;
  for (const auto& [value, count] : buckets) {
    out.add(value, count);
  }
  out.max_ = max;
  return out;
}

}  // namespace hitless::load
