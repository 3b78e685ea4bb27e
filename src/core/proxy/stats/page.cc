#include <fmt/format.h>

#include "core/proxy/stats/prometheus.h"

namespace hitless::proxy {
namespace {

template <class Stat>
std::string section(std::string_view title, std::string_view inText, std::string_view prefix) {
  std::string out = fmt::format(
      "\n## {}\n\nIn `/stats`: `{}NAME`. For Prometheus: `envoy_{}NAME`.\n\n"
      "| name | type | meaning |\n|---|---|---|\n",
      title, inText, prefix);
  for (const StatRow& row : statTable(Stat{})) {
    out += fmt::format("| `{}` | {} | {} |\n", row.name,
                       row.type == StatType::kGauge ? "gauge" : "counter", row.help);
  }
  return out;
}

std::string families(std::string_view title, std::string_view prefix) {
  std::string out =
      fmt::format("\n## {}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", title);
  for (const PrometheusFamily& family : prometheusFamilies()) {
    if (family.name.starts_with(prefix)) {
      out += fmt::format("| `{}` | {} | {} | {} |\n", family.name, family.type, family.labels,
                         family.help);
    }
  }
  return out;
}

constexpr std::string_view kHead =
    "# The proxy's numbers\n\n"
    "`/stats` of the [admin endpoint](proxy.md#the-admin-endpoint) shows Envoy's names; "
    "`/stats/prometheus` shows those that Istio's Envoy gives Prometheus, Istio's own, and ours. "
    "What both have means the same, so that dashboards, alerts and scripts go on working. In "
    "Prometheus' names dots are underscores, and `_2xx` is the label "
    "`response_code_class=\"2xx\"`.\n";

constexpr std::string_view kHistograms =
    "\n## Histograms and sizes\n\n"
    "| in `/stats` | for Prometheus | type | meaning |\n|---|---|---|---|\n"
    "| `http.PREFIX.downstream_rq_time` | `envoy_http_downstream_rq_time` | histogram | How long "
    "requests took, in ms |\n"
    "| `cluster.NAME.upstream_rq_time` | `envoy_cluster_upstream_rq_time` | histogram | How long "
    "upstreams took to respond, in ms |\n"
    "| `cluster.NAME.upstream_cx_connect_ms` | `envoy_cluster_upstream_cx_connect_ms` | histogram "
    "| How long it took to connect |\n"
    "| `cluster.NAME.membership_total` | `envoy_cluster_membership_total` | gauge | Upstreams |\n"
    "| `cluster.NAME.membership_healthy` | `envoy_cluster_membership_healthy` | gauge | Upstreams "
    "that are ready |\n"
    "| `server.live`, `server.state`, `server.uptime`, `server.concurrency` | | gauge | As "
    "Envoy's: "
    "1 and 0 until a drain begins, then 0 and 1; seconds; workers |\n";

}  // namespace

std::string renderStatsPage() {
  std::string out(kHead);
  out += section<ListenerStat>("Listeners", "listener.ADDRESS_PORT.", "listener_");
  out += section<HttpStat>("HTTP of clients", "http.DIRECTION_ADDRESS_PORT.", "http_");
  out += section<ClusterStat>("Clusters", "cluster.NAME.", "cluster_");
  out += section<ServerStat>("The process", "", "");
  out += kHistograms;
  out += families("Istio's", "istio_");
  out += families("Ours", "hitless_");
  return out;
}

}  // namespace hitless::proxy
