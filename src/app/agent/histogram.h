#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace hitless::app {

/// A Prometheus histogram over seconds.
class Histogram {
 public:
  /// `count` buckets, the first at `start` seconds, each `factor` times the one before.
  Histogram(double start, double factor, int count);
  /// Buckets with these upper ends, in seconds, ascending.
  explicit Histogram(std::vector<double> bounds);
  void observe(nanoseconds value);
  /// Lines of the text format; `labels` is `reason="x"` or empty.
  std::string render(const std::string& name, const std::string& labels) const;

 private:
  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;  ///< One more than bounds: +Inf.
  double sum_ = 0;
};

/// kube-proxy's buckets for network_programming_duration_seconds: up to five minutes.
std::vector<double> programmingBuckets();

}  // namespace hitless::app
