#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <vector>

#include "app/agent/metrics.h"
#include "base/clock.h"
#include "core/conntrack/stale.h"

namespace hitless::app {

/// Deletes connections that a commit has made stale from this node's connection table. Established
/// TCP stays: ending it is the application's business.
class FlowCleaner {
 public:
  FlowCleaner(boost::asio::io_context& io, conntrack::FlowTable& table, const Clock& clock,
              AgentMetrics& metrics)
      : table_(table), clock_(clock), metrics_(metrics), timer_(io) {}

  /// How long TCP waits: an attempt whose answer is on its way must not lose its entry, while a SYN
  /// that was lost is repeated after 1 s (RFC 6298 2) at the earliest.
  static constexpr nanoseconds kDelay = milliseconds(300);

  /// How many were deleted, when any were.
  std::function<void(std::size_t)> onCleaned = [](std::size_t) {};

  /// UDP at once, TCP after kDelay.
  void clean(std::vector<conntrack::Destination> changed);

 private:
  void cleanLater();
  void remove(const std::vector<conntrack::Destination>& changed);

  conntrack::FlowTable& table_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  boost::asio::steady_timer timer_;
  std::vector<conntrack::Destination> later_;  ///< Of TCP.
  bool armed_ = false;
};

}  // namespace hitless::app
