#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/proxy/call.h"
#include "sys/proxy/upstream_connection.h"
#include "sys/proxy/worker_events.h"

namespace hitless::sys {

struct UpstreamLimits {
  nanoseconds connectTimeout = seconds(10);
  std::size_t connections = 1024;  ///< To one upstream, from one worker.
  std::size_t waiting = 1024;      ///< Calls that wait for a connection to it.
  /// An idle connection is closed after this time. Shorter where an upstream has been seen to close
  /// earlier: a request that is sent while it does so is lost or has to be repeated.
  nanoseconds idle = seconds(60);
  std::uint32_t priority = 0;  ///< SO_PRIORITY of connections; see proxy/sidecar.h.
};

/// The connections to one upstream in one protocol.
class UpstreamPool {
 public:
  struct Place {
    std::string cluster;
    proxy::Address address;
    std::string pod;
    proxy::HttpVersion version = proxy::HttpVersion::k11;
    SSL_CTX* tls = nullptr;  ///< nullptr: none.
    std::string serverName;
    bool verify = true;
  };
  UpstreamPool(EventLoop& loop, Place place, const UpstreamLimits& limits, WorkerEvents& events);
  ~UpstreamPool();

  /// A connection on which a call can be opened now, or nullptr: then the call waits, unless
  /// full().
  UpstreamConnection* take(PooledCall& call);
  bool full() const { return waiting_.size() >= limits_.waiting; }
  void forget(PooledCall& waiting);

  /// No new calls come: idle connections are closed, the others when they become idle.
  void retire();
  bool retired() const { return retired_; }
  void revive() { retired_ = false; }
  /// Has nothing any more.
  bool empty() const { return connections_.empty() && waiting_.empty(); }
  /// Calls under way and waiting: how busy the upstream is as far as we know.
  std::size_t load() const { return active_ + waiting_.size(); }
  std::size_t connections() const { return connections_.size(); }
  struct Totals {
    std::uint64_t calls = 0;
    std::uint64_t connections = 0;
    std::uint64_t connectFailed = 0;
  };
  const Totals& totals() const { return totals_; }

  const Place& place() const { return place_; }
  const UpstreamLimits& limits() const { return limits_; }
  std::unique_ptr<proxy::ClientSession> newSession(std::string_view alpn,
                                                   proxy::ClientEvents& events) const;
  /// Closes what has been idle for too long; called now and then.
  void sweep();

  // What connections say.
  void connected(UpstreamConnection& connection);
  void usable(UpstreamConnection& connection);
  void gone(UpstreamConnection& connection, int error, const std::string& text);
  void callBegan();
  void callEnded(UpstreamConnection& connection);

 private:
  UpstreamConnection* findUsable();
  void connect();
  /// If nothing is open on it by then.
  void closeSoon(UpstreamConnection& connection);
  void failWaiting(const proxy::CallFailure& failure);
  void serveWaiting(UpstreamConnection& connection);
  nanoseconds idleLimit() const;
  void closeIdle(nanoseconds limit);

  EventLoop& loop_;
  Place place_;
  UpstreamLimits limits_;
  WorkerEvents& events_;
  std::vector<std::unique_ptr<UpstreamConnection>> connections_;
  std::vector<UpstreamConnection*> idle_;  ///< HTTP/1.1: the one used last comes first.
  std::deque<PooledCall*> waiting_;
  std::size_t connecting_ = 0;
  std::size_t active_ = 0;
  Totals totals_;
  bool retired_ = false;
  std::optional<nanoseconds> peerIdle_;  ///< The shortest after which the upstream closed.
};

/// One try: waits for a connection, then is a stream on it.
class PooledCall final : public proxy::Call {
 public:
  PooledCall(EventLoop& loop, proxy::CallEvents& events) : loop_(loop), events_(events) {}
  ~PooledCall() override;

  /// Begins; `pool` may be full.
  void start(UpstreamPool& pool, const proxy::CallFailure& overflow);
  /// Tells of the failure later.
  void failLater(proxy::CallFailure failure);

  bool ready() const override { return connection_ != nullptr; }
  void open(const proxy::RequestHead& head, bool end) override;
  void send(std::string_view bytes, bool end) override;
  void sendTrailers(const proxy::Fields& trailers) override;
  void consumed(std::size_t bytes) override;
  std::size_t queued() const override;
  const proxy::CallPlace& place() const override { return place_; }

  // What the pool and the connection say.
  void setConnection(UpstreamConnection& connection);
  void connected(UpstreamConnection& connection);
  void setStream(proxy::StreamId stream) { stream_ = stream; }
  void detach();
  proxy::CallEvents& events() { return events_; }

 private:
  EventLoop& loop_;
  proxy::CallEvents& events_;
  UpstreamPool* pool_ = nullptr;  ///< While it waits there or is open.
  UpstreamConnection* connection_ = nullptr;
  proxy::StreamId stream_ = 0;
  bool waiting_ = false;
  proxy::CallPlace place_;
  std::unique_ptr<Timer> failure_;
};

}  // namespace hitless::sys
