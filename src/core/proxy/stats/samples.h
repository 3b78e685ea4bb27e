#pragma once

#include <string>
#include <vector>

#include "core/proxy/stats/render.h"

namespace hitless::proxy {

/// One of Envoy's stats, by its whole name.
struct StatSample {
  std::string name;
  std::int64_t value = 0;
  bool used = true;
  const StatHistogram* histogram = nullptr;  ///< Instead of a value.
};

/// Sorted by name. Valid as long as the view is.
std::vector<StatSample> envoySamples(const StatsView& view);

/// "inbound_0.0.0.0_15006": what names of HTTP's stats have, as Istio configures it.
std::string httpPrefix(const ListenerScope& scope);

}  // namespace hitless::proxy
