#include "core/proxy/stats/histogram.h"

#include <algorithm>
#include <cmath>

namespace hitless::proxy {
namespace {

// Envoy: source/common/stats/histogram_impl.cc, default_buckets.
constexpr std::array<double, StatHistogram::kBounds> kUpperEnds = {
    0.5,  1,    5,     10,    25,    50,     100,    250,     500,    1000,
    2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};

}  // namespace

std::span<const double> StatHistogram::bounds() {
  return kUpperEnds;
}

void StatHistogram::add(double value) {
  const auto* bound = std::lower_bound(kUpperEnds.begin(), kUpperEnds.end(), value);
  ++counts_[static_cast<std::size_t>(bound - kUpperEnds.begin())];
  ++count_;
  sum_ += value;
}

void StatHistogram::merge(const StatHistogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    counts_[i] += other.counts_[i];
  }
  count_ += other.count_;
  sum_ += other.sum_;
}

double StatHistogram::quantile(double rank) const {
  const double wanted = rank * static_cast<double>(count_);
  double seen = 0;
  for (std::size_t i = 0; i < kBounds; ++i) {
    const auto here = static_cast<double>(counts_[i]);
    if (here > 0 && seen + here >= wanted) {
      const double low = i == 0 ? 0 : kUpperEnds[i - 1];
      return low + (kUpperEnds[i] - low) * std::max(0.0, (wanted - seen) / here);
    }
    seen += here;
  }
  return count_ == 0 ? 0 : kUpperEnds.back();
}

}  // namespace hitless::proxy
