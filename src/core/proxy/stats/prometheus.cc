#include "core/proxy/stats/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/proxy/escape.h"
#include "core/proxy/stats/samples.h"

namespace hitless::proxy {
namespace {

std::string familyName(std::string_view scope, std::string_view stat) {
  std::string name = fmt::format("envoy_{}{}", scope, stat);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// "2xx" of "downstream_rq_2xx": a label of the family "downstream_rq" (Istio's tag rules).
std::string_view codeClass(std::string_view stat) {
  return stat.ends_with("xx") && stat.size() > 4 && stat[stat.size() - 4] == '_'
             ? stat.substr(stat.size() - 3)
             : std::string_view{};
}

/// One scope as a writer sees it.
template <class Stat>
struct Labelled {
  std::string labels;
  const Counters<Stat>* counters;
};

std::string joined(const std::string& labels, const std::string& more) {
  return labels.empty() || more.empty() ? labels + more : labels + "," + more;
}

template <class Stat>
void addCounters(std::string_view prefix, const std::vector<Labelled<Stat>>& scopes,
                 PrometheusWriter& to) {
  const auto rows = statTable(Stat{});
  std::string_view before;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string_view code = codeClass(rows[i].name);
    const std::string_view stat =
        code.empty() ? rows[i].name : rows[i].name.substr(0, rows[i].name.size() - 4);
    if (stat != before) {
      to.family(familyName(prefix, stat), rows[i].type == StatType::kGauge ? "gauge" : "counter",
                code.empty() ? rows[i].help : "Responses, by class of status");
      before = stat;
    }
    for (const Labelled<Stat>& scope : scopes) {
      const Stat which = static_cast<Stat>(i);
      const std::string label =
          code.empty() ? std::string() : prometheusLabel("response_code_class", code);
      to.sample(joined(scope.labels, label), (*scope.counters)[which], scope.counters->used(which));
    }
  }
}

template <class Scope>
struct Named {
  std::string labels;
  const Scope* scope;
};

template <class Scope>
void addHistogram(std::string name, std::string_view help, const std::vector<Named<Scope>>& scopes,
                  StatHistogram Scope::*histogram, PrometheusWriter& to) {
  to.family(std::move(name), "histogram", help);
  for (const auto& [labels, scope] : scopes) {
    to.sample(labels, scope->*histogram);
  }
}

void addListeners(const StatsView& view, PrometheusWriter& to) {
  std::vector<Labelled<ListenerStat>> listeners;
  std::vector<Labelled<HttpStat>> http;
  std::vector<Named<ListenerScope>> named;
  view.counted.eachListener([&](const ListenerScope& scope) {
    const std::string prefix = prometheusLabel("http_conn_manager_prefix", httpPrefix(scope));
    listeners.push_back({prometheusLabel("listener_address", scope.address), &scope.listener});
    http.push_back({prefix, &scope.http});
    named.push_back({prefix, &scope});
  });
  addCounters("listener_", listeners, to);
  addCounters("http_", http, to);
  addHistogram("envoy_http_downstream_rq_time", "How long requests took, in ms", named,
               &ListenerScope::requestTime, to);
}

void addClusters(const StatsView& view, PrometheusWriter& to) {
  std::vector<Labelled<ClusterStat>> counters;
  std::vector<Named<ClusterScope>> named;
  view.counted.eachCluster([&](const ClusterScope& scope) {
    const std::string label = prometheusLabel("cluster_name", scope.name);
    counters.push_back({label, &scope.counters});
    named.push_back({label, &scope});
  });
  addCounters("cluster_", counters, to);
  addHistogram("envoy_cluster_upstream_rq_time", "How long upstreams took to respond, in ms", named,
               &ClusterScope::requestTime, to);
  addHistogram("envoy_cluster_upstream_cx_connect_ms", "How long it took to connect", named,
               &ClusterScope::connectTime, to);
  to.family("envoy_cluster_membership_total", "gauge", "Upstreams");
  for (const auto& cluster : view.memberships) {
    to.sample(prometheusLabel("cluster_name", cluster.cluster),
              static_cast<std::int64_t>(cluster.total));
  }
  to.family("envoy_cluster_membership_healthy", "gauge", "Upstreams that are ready");
  for (const auto& cluster : view.memberships) {
    to.sample(prometheusLabel("cluster_name", cluster.cluster),
              static_cast<std::int64_t>(cluster.healthy));
  }
}

}  // namespace

std::string prometheusLabel(std::string_view name, std::string_view value) {
  std::string escapedValue;
  for (const char c : validUtf8(value)) {
    if (c == '\\' || c == '"') {
      escapedValue += '\\';
    }
    if (c == '\n') {
      escapedValue += "\\n";
    } else {
      escapedValue += c;
    }
  }
  return fmt::format("{}=\"{}\"", name, escapedValue);
}

void PrometheusWriter::family(std::string name, std::string_view type, std::string_view help) {
  name_ = std::move(name);
  head_ = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help, type);
  passes_ = filter_.passes(name_);
}

bool PrometheusWriter::begin(bool used) {
  if (!passes_ || (usedOnly_ && !used)) {
    return false;
  }
  out_ += head_;
  head_.clear();
  return true;
}

void PrometheusWriter::sample(std::string_view labels, std::int64_t value, bool used) {
  if (begin(used)) {
    out_ += labels.empty() ? fmt::format("{} {}\n", name_, value)
                           : fmt::format("{}{{{}}} {}\n", name_, labels, value);
  }
}

void PrometheusWriter::sample(std::string_view labels, const StatHistogram& histogram) {
  if (!begin(histogram.count() > 0)) {
    return;
  }
  const std::string comma = labels.empty() ? "" : ",";
  const auto bounds = StatHistogram::bounds();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    total += histogram.counts()[i];
    const std::string le = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    out_ += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", name_, labels, comma, le, total);
  }
  const std::string braced = labels.empty() ? "" : fmt::format("{{{}}}", labels);
  out_ += fmt::format("{0}_sum{1} {2}\n{0}_count{1} {3}\n", name_, braced, histogram.sum(), total);
}

std::string renderPrometheus(const StatsView& view, const NameFilter& filter, bool usedOnly) {
  std::string out;
  PrometheusWriter to(out, filter, usedOnly);
  addCounters<ServerStat>("", {{"", &view.counted.server()}}, to);
  addListeners(view, to);
  addClusters(view, to);
  for (const PrometheusFamily& family : prometheusFamilies()) {
    to.family(std::string(family.name), family.type, family.help);
    family.collect(view, to);
  }
  return out;
}

}  // namespace hitless::proxy
