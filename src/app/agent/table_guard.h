#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "app/agent/metrics.h"
#include "app/agent/pacer.h"
#include "core/nft/table_news.h"

namespace hitless::app {

/// Puts right what others do to a table of ours (`nft flush ruleset`, a deleted element): says in
/// the log who did it and has the kernel compared with the plan. A single change is healed at once;
/// of a storm, ever fewer.
class TableGuard {
 public:
  struct Parts {
    boost::asio::io_context& io;
    const Clock& clock;
    AgentMetrics& metrics;
    std::string rules;              ///< Which, for the log: "the service rules".
    std::function<void()> restore;  ///< Compares and restores.
  };
  explicit TableGuard(Parts parts) : parts_(std::move(parts)), timer_(parts_.io) {}

  /// nullopt: notifications were lost, so anything may have changed.
  void onChange(const std::optional<nft::TableChange>& change);
  void stop() { timer_.cancel(); }

 private:
  Parts parts_;
  HealPacer pacer_;
  boost::asio::steady_timer timer_;
  bool armed_ = false;
};

}  // namespace hitless::app
