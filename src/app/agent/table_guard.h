#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "app/agent/loop.h"
#include "app/agent/metrics.h"
#include "app/agent/pacer.h"
#include "core/nft/table_news.h"

namespace hitless::app {

/// Puts right what others do to our table (`nft flush ruleset`, a deleted element): says in the log
/// who did it and has the loop compare the kernel with the plan. A single change is healed at once;
/// of a storm, ever fewer.
class TableGuard {
 public:
  TableGuard(boost::asio::io_context& io, Loop& loop, const Clock& clock, AgentMetrics& metrics)
      : loop_(loop), clock_(clock), metrics_(metrics), timer_(io) {}

  /// nullopt: notifications were lost, so anything may have changed.
  void onChange(const std::optional<nft::TableChange>& change);
  void stop() { timer_.cancel(); }

 private:
  Loop& loop_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  HealPacer pacer_;
  boost::asio::steady_timer timer_;
  bool armed_ = false;
};

}  // namespace hitless::app
