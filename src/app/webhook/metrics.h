#pragma once

#include <map>
#include <string>

#include "app/agent/histogram.h"
#include "base/clock.h"

namespace hitless::app {

/// The numbers of one `hitless webhook`.
struct WebhookMetrics {
  std::map<std::string, std::uint64_t> reviews;  ///< by outcome
  Histogram reviewSeconds{0.0001, 2, 12};
  std::uint64_t renewals = 0;  ///< Certificates put to use after the first.
  WallTime certificateEnd{};
  bool ready = false;

  /// Prometheus text format 0.0.4.
  std::string render() const;
};

}  // namespace hitless::app
