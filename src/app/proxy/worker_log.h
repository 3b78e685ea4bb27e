#pragma once

#include <string>
#include <unordered_map>

#include "core/proxy/access_log/format.h"
#include "core/proxy/drain/forecast.h"
#include "core/proxy/drain/ledger.h"
#include "sys/proxy/event_loop.h"
#include "sys/proxy/worker_events.h"

namespace hitless::app {

/// What one worker writes down: its access log, its metrics, and during a drain what became of
/// which request. Belongs to the worker's thread.
class WorkerLog final : public sys::WorkerEvents {
 public:
  /// `format` null: no access log.
  WorkerLog(const proxy::AccessLogFormat* format, sys::EventLoop& loop)
      : format_(format), loop_(loop) {}

  void setListener(const proxy::Listener& listener, proxy::Direction direction);
  /// From now on what becomes of requests goes into the ledger.
  void beginLedger() { draining_ = true; }

  void accepted(const std::string& listener) override;
  void speaks(const std::string& listener, proxy::HttpVersion version) override;
  void closed(const std::string& listener, const proxy::WorkerStats::DownstreamEnd& end) override;
  void goawaySent() override { stats_.goawaySent(); }
  void requestBegan(const std::string& listener, proxy::HttpVersion version) override;
  void upgraded(const std::string& listener) override;
  void requestOver(const proxy::RequestRecord& record) override;
  void connecting(const std::string& cluster) override;
  void connected(const std::string& cluster, proxy::HttpVersion version, nanoseconds took) override;
  void connectFailed(const std::string& cluster, bool timeout) override;
  void disconnected(const std::string& cluster, bool byPeer, std::size_t activeCalls) override;
  void tryBegan(const std::string& cluster) override;
  void tryEnded(const std::string& cluster, bool timedOut) override;

  /// Writes the lines to standard output, as far as that takes them without waiting.
  void write();

  const proxy::WorkerStats& stats() const { return stats_; }
  const proxy::RecentDurations& recent() const { return recent_; }
  const proxy::Ledger& ledger() const { return ledger_; }

 private:
  proxy::ListenerScope* scope(const std::string& listener);
  void writeLine(const proxy::RequestRecord& record);

  const proxy::AccessLogFormat* format_;
  sys::EventLoop& loop_;
  proxy::WorkerStats stats_;
  std::unordered_map<std::string, proxy::ListenerScope*> scopes_;
  proxy::RecentDurations recent_;
  proxy::Ledger ledger_;
  bool draining_ = false;
  std::string lines_;
  bool writing_ = false;       ///< write() is due.
  std::uint64_t dropped_ = 0;  ///< Lines that nobody took.
};

}  // namespace hitless::app
