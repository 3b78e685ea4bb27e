#include "core/proxy/stats/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::proxy {
namespace {

class Collector {
 public:
  template <class Stat>
  void add(const std::string& prefix, const Counters<Stat>& counters) {
    const auto rows = statTable(Stat{});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Stat stat = static_cast<Stat>(i);
      samples.push_back({prefix + std::string(rows[i].name), counters[stat], counters.used(stat)});
    }
  }
  void add(std::string name, const StatHistogram& histogram) {
    samples.push_back({std::move(name), 0, histogram.count() > 0, &histogram});
  }
  void add(std::string name, std::size_t value) {
    samples.push_back({std::move(name), static_cast<std::int64_t>(value)});
  }

  std::vector<StatSample> samples;
};

void addServer(const StatsView& view, Collector& to) {
  to.add("", view.counted.server());
  to.add("server.live", std::size_t{view.drain == DrainState::kLive});
  // Envoy's ServerInfo.State: LIVE, DRAINING.
  to.add("server.state", std::size_t{view.drain != DrainState::kLive});
  to.add("server.uptime", static_cast<std::size_t>(view.uptime / seconds(1)));
  to.add("server.concurrency", std::size_t{view.workers});
}

}  // namespace

std::string httpPrefix(const ListenerScope& scope) {
  return fmt::format("{}_{}", scope.direction == Direction::kInbound ? "inbound" : "outbound",
                     scope.address);
}

std::vector<StatSample> envoySamples(const StatsView& view) {
  Collector to;
  addServer(view, to);
  view.counted.eachListener([&](const ListenerScope& scope) {
    const std::string http = fmt::format("http.{}.", httpPrefix(scope));
    to.add(fmt::format("listener.{}.", scope.address), scope.listener);
    to.add(http, scope.http);
    to.add(http + "downstream_rq_time", scope.requestTime);
  });
  view.counted.eachCluster([&](const ClusterScope& scope) {
    const std::string cluster = fmt::format("cluster.{}.", scope.name);
    to.add(cluster, scope.counters);
    to.add(cluster + "upstream_rq_time", scope.requestTime);
    to.add(cluster + "upstream_cx_connect_ms", scope.connectTime);
  });
  for (const StatsView::Membership& membership : view.memberships) {
    const std::string cluster = fmt::format("cluster.{}.", membership.cluster);
    to.add(cluster + "membership_total", membership.total);
    to.add(cluster + "membership_healthy", membership.healthy);
  }
  std::sort(to.samples.begin(), to.samples.end(),
            [](const StatSample& a, const StatSample& b) { return a.name < b.name; });
  return std::move(to.samples);
}

}  // namespace hitless::proxy
