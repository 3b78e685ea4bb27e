#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/proxy/stats/name_filter.h"
#include "core/proxy/stats/render.h"

/// Prometheus' text format, and the families that are not Envoy's own.
namespace hitless::proxy {

class PrometheusWriter {
 public:
  PrometheusWriter(std::string& out, const NameFilter& filter, bool usedOnly)
      : out_(out), filter_(filter), usedOnly_(usedOnly) {}

  /// Begins a family; samples follow. HELP and TYPE are only written if there is one.
  void family(std::string name, std::string_view type, std::string_view help);
  /// `labels`: "a=\"b\",c=\"d\"" or empty.
  void sample(std::string_view labels, std::int64_t value, bool used = true);
  void sample(std::string_view labels, const StatHistogram& histogram);

 private:
  bool begin(bool used);

  std::string& out_;
  const NameFilter& filter_;
  bool usedOnly_;
  bool passes_ = false;
  std::string name_;
  std::string head_;
};

/// `name="value"`, escaped as the format wants it.
std::string prometheusLabel(std::string_view name, std::string_view value);

/// A family of Istio's or ours.
struct PrometheusFamily {
  std::string_view name;
  std::string_view type;
  std::string_view labels;  ///< For documentation.
  std::string_view help;
  void (*collect)(const StatsView& view, PrometheusWriter& to);
};
std::span<const PrometheusFamily> prometheusFamilies();

/// Everything.
std::string renderPrometheus(const StatsView& view, const NameFilter& filter, bool usedOnly);

}  // namespace hitless::proxy
