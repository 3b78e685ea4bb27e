#pragma once

#include <fmt/format.h>

#include <span>
#include <string>

#include "app/agent/metrics.h"

namespace hitless::app {

/// Collects the samples of one metric.
class Samples {
 public:
  Samples(std::string& out, const char* name) : out_(out), name_(name) {}

  /// `labels` is `code="200"` or empty. A double holds whole numbers up to 2^53 exactly;
  /// resourceVersions stay far below.
  void add(double value, const std::string& labels = {}) {
    out_ += fmt::format("{}{} {:.17g}\n", name_, labels.empty() ? "" : "{" + labels + "}", value);
  }
  void add(std::uint64_t value, const std::string& labels = {}) {
    add(static_cast<double>(value), labels);
  }
  void add(const Histogram& histogram, const std::string& labels = {}) {
    out_ += histogram.render(name_, labels);
  }
  /// A histogram; the last of `counts`, which are not cumulative, is above all bounds.
  void add(std::span<const std::uint64_t> counts, std::span<const double> bounds, double sum,
           const std::string& labels) {
    const std::string comma = labels.empty() ? "" : labels + ",";
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      total += counts[i];
      const std::string le = i < bounds.size() ? fmt::format("{:g}", bounds[i]) : "+Inf";
      out_ += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name_, comma, le, total);
    }
    const std::string braced = labels.empty() ? "" : "{" + labels + "}";
    out_ += fmt::format("{0}_sum{1} {2:g}\n{0}_count{1} {3}\n", name_, braced, sum, total);
  }
  template <class T>
  void add(const PerFamily<T>& values, const std::string& labels = {}) {
    const std::string comma = labels.empty() ? "" : "," + labels;
    add(values.v4, "ip_family=\"IPv4\"" + comma);
    add(values.v6, "ip_family=\"IPv6\"" + comma);
  }
  /// What one transaction for both families gives: the same for each.
  template <class T>
  void addForBoth(const T& value) {
    add(value, "ip_family=\"IPv4\"");
    add(value, "ip_family=\"IPv6\"");
  }

 private:
  std::string& out_;
  const char* name_;
};

/// One line of a table of metrics.
struct Metric {
  const char* name;
  const char* type;
  const char* labels;
  const char* help;
  void (*collect)(const Scrape&, Samples&);
};

/// Those of the node's name server; only to be collected when there is one.
std::span<const Metric> dnsMetrics();
/// Those of NetworkPolicies; only to be collected when they are enforced.
std::span<const Metric> policyMetrics();

}  // namespace hitless::app
