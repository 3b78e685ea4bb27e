#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <vector>

#include "app/agent/flow_worker.h"
#include "app/agent/metrics.h"
#include "base/clock.h"
#include "core/conntrack/stale.h"

namespace hitless::app {

/// Deletes connections that a commit has made stale from this node's connection table. Established
/// TCP stays: ending it is the application's business.
class FlowCleaner {
 public:
  FlowCleaner(boost::asio::io_context& io, FlowWorker& worker, const Clock& clock,
              AgentMetrics& metrics)
      : worker_(worker), clock_(clock), metrics_(metrics), timer_(io) {}

  /// How long TCP waits: an attempt whose answer is on its way must not lose its entry, while a SYN
  /// that was lost is repeated after 1 s (RFC 6298 2) at the earliest.
  static constexpr nanoseconds kDelay = milliseconds(300);

  /// How many were deleted, when any were.
  std::function<void(std::size_t)> onCleaned = [](std::size_t) {};

  /// UDP at once, TCP after kDelay.
  void clean(std::vector<conntrack::Destination> changed);
  /// Calls `then` when what is cleaned at once is cleaned, of every clean() so far; now, if it is.
  void whenClean(std::function<void()> then);

 private:
  void cleanLater();
  void remove(std::vector<conntrack::Destination> changed, std::function<void()> done);
  void observe(const std::vector<conntrack::Destination>& changed, nanoseconds duration);

  FlowWorker& worker_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  boost::asio::steady_timer timer_;
  std::vector<conntrack::Destination> later_;  ///< Of TCP.
  bool armed_ = false;
  std::size_t running_ = 0;  ///< Of what is cleaned at once: what the worker has not done yet.
};

}  // namespace hitless::app
