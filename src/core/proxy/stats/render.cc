#include "core/proxy/stats/render.h"

#include <fmt/format.h>

#include "core/kube/json.h"
#include "core/proxy/escape.h"
#include "core/proxy/stats/name_filter.h"
#include "core/proxy/stats/prometheus.h"
#include "core/proxy/stats/samples.h"

namespace hitless::proxy {
namespace {

/// Of a histogram, as Envoy shows them.
constexpr double kQuantiles[] = {0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1};

std::vector<StatSample> wanted(const StatsView& view, const StatsQuery& query,
                               const NameFilter& filter) {
  std::vector<StatSample> samples = envoySamples(view);
  std::erase_if(samples, [&](const StatSample& sample) {
    return (query.usedOnly && !sample.used) || !filter.passes(sample.name);
  });
  return samples;
}

/// "P50(nan,3.2) ...": what was in the last flush interval, of which there is none here, and since
/// the start.
std::string quantiles(const StatHistogram& histogram) {
  if (histogram.count() == 0) {
    return "No recorded values";
  }
  std::string out;
  for (const double rank : kQuantiles) {
    out += fmt::format("{}P{:g}(nan,{:g})", out.empty() ? "" : " ", 100 * rank,
                       histogram.quantile(rank));
  }
  return out;
}

std::string renderText(const std::vector<StatSample>& samples) {
  std::string out;
  for (const StatSample& sample : samples) {
    const std::string value = sample.histogram != nullptr ? quantiles(*sample.histogram)
                                                          : fmt::format("{}", sample.value);
    out += fmt::format("{}: {}\n", sample.name, value);
  }
  return out;
}

kube::json::object histogramsToJson(const std::vector<StatSample>& samples) {
  kube::json::array supported;
  for (const double rank : kQuantiles) {
    supported.push_back(100 * rank);
  }
  kube::json::array computed;
  for (const StatSample& sample : samples) {
    if (sample.histogram == nullptr) {
      continue;
    }
    kube::json::array values;
    for (const double rank : kQuantiles) {
      kube::json::value cumulative = nullptr;
      if (sample.histogram->count() > 0) {
        cumulative = sample.histogram->quantile(rank);
      }
      values.push_back(kube::json::object{{"interval", nullptr}, {"cumulative", cumulative}});
    }
    computed.push_back(
        kube::json::object{{"name", validUtf8(sample.name)}, {"values", std::move(values)}});
  }
  return {{"supported_quantiles", std::move(supported)},
          {"computed_quantiles", std::move(computed)}};
}

std::string renderJson(const std::vector<StatSample>& samples) {
  kube::json::array stats;
  for (const StatSample& sample : samples) {
    if (sample.histogram == nullptr) {
      stats.push_back(
          kube::json::object{{"name", validUtf8(sample.name)}, {"value", sample.value}});
    }
  }
  kube::json::object histograms = histogramsToJson(samples);
  if (!histograms["computed_quantiles"].get_array().empty()) {
    stats.push_back(kube::json::object{{"histograms", std::move(histograms)}});
  }
  return kube::json::serialize(kube::json::object{{"stats", std::move(stats)}}) + "\n";
}

}  // namespace

Result<std::string> renderStats(const StatsView& view, const StatsQuery& query) {
  const NameFilter filter = TRY(NameFilter::parse(query.filter));
  switch (query.format) {
    case StatsQuery::Format::kPrometheus:
      return renderPrometheus(view, filter, query.usedOnly);
    case StatsQuery::Format::kJson:
      return renderJson(wanted(view, query, filter));
    case StatsQuery::Format::kText:
      break;
  }
  return renderText(wanted(view, query, filter));
}

}  // namespace hitless::proxy
