#pragma once

#include <string>

#include "core/proxy/call.h"
#include "core/proxy/replay/replay.h"
#include "core/proxy/request_record.h"
#include "core/proxy/stats/worker_stats.h"

namespace hitless::sys {

/// What happens in a worker, for logs and metrics. Listeners and clusters are given by name. Called
/// on the worker's thread.
class WorkerEvents {
 public:
  virtual ~WorkerEvents() = default;

  virtual void accepted(const std::string& listener) = 0;
  virtual void speaks(const std::string& listener, proxy::HttpVersion version) = 0;
  virtual void closed(const std::string& listener,
                      const proxy::WorkerStats::DownstreamEnd& end) = 0;
  virtual void goawaySent() = 0;
  virtual void requestBegan(const std::string& listener, proxy::HttpVersion version) = 0;
  virtual void upgraded(const std::string& listener) = 0;
  /// Of a request that requestBegan() told, or of bytes.
  virtual void requestOver(const proxy::RequestRecord& record) = 0;

  virtual void connecting(const std::string& cluster) = 0;
  virtual void connected(const std::string& cluster, proxy::HttpVersion version,
                         nanoseconds took) = 0;
  virtual void connectFailed(const std::string& cluster, bool timeout) = 0;
  virtual void disconnected(const std::string& cluster, bool byPeer, std::size_t activeCalls) = 0;
  virtual void tryBegan(const std::string& cluster) = 0;
  virtual void tryEnded(const std::string& cluster, bool timedOut) = 0;
};

}  // namespace hitless::sys
