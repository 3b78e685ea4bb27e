#include "app/agent/histogram.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::app {

Histogram::Histogram(double start, double factor, int count) {
  for (double bound = start; count > 0; --count, bound *= factor) {
    bounds_.push_back(bound);
  }
  counts_.resize(bounds_.size() + 1);
}

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

void Histogram::observe(nanoseconds value) {
  const double inSeconds = static_cast<double>(value.count()) / 1e9;
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), inSeconds);
  ++counts_[static_cast<std::size_t>(bucket - bounds_.begin())];
  sum_ += inSeconds;
}

std::string Histogram::render(const std::string& name, const std::string& labels) const {
  const std::string comma = labels.empty() ? "" : labels + ",";
  const std::string braces = labels.empty() ? "" : "{" + labels + "}";
  std::string out;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i];
    const std::string bound = i < bounds_.size() ? fmt::format("{:.6g}", bounds_[i]) : "+Inf";
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, comma, bound, total);
  }
  return out + fmt::format("{0}_sum{1} {2:.9g}\n{0}_count{1} {3}\n", name, braces, sum_, total);
}

std::vector<double> programmingBuckets() {
  std::vector<double> bounds{0.25, 0.5};
  for (int second = 1; second < 60; ++second) {
    bounds.push_back(second);
  }
  for (int second = 60; second < 120; second += 5) {
    bounds.push_back(second);
  }
  for (int second = 120; second <= 300; second += 30) {
    bounds.push_back(second);
  }
  return bounds;
}

}  // namespace hitless::app
