#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/proxy/drain/machine.h"
#include "core/proxy/stats/worker_stats.h"

namespace hitless::proxy {

/// What /stats shows.
struct StatsView {
  WorkerStats counted;  ///< By all workers.
  struct Membership {
    std::string cluster;
    std::size_t total = 0;
    std::size_t healthy = 0;  ///< Upstream::ready
  };
  std::vector<Membership> memberships;
  DrainState drain = DrainState::kLive;
  bool ready = false;
  nanoseconds uptime{};
  unsigned workers = 1;
  std::string version;
};

struct StatsQuery {
  enum class Format : std::uint8_t { kText, kJson, kPrometheus };
  Format format = Format::kText;
  bool usedOnly = false;  ///< Only numbers that were ever changed.
  /// Only names in which this regular expression (ECMAScript, without back-references) is found.
  std::string filter;
};

/// Envoy's /stats and /stats/prometheus. An error if `filter` is no regular expression.
Result<std::string> renderStats(const StatsView& view, const StatsQuery& query);

/// docs/proxy-metrics.md: every name that there is, from the tables that they are made from.
std::string renderStatsPage();

}  // namespace hitless::proxy
