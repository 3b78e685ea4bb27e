#include "sys/proxy/upstream_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/proxy/http1/client_session.h"
#include "core/proxy/http2/client_session.h"
#include "sys/proxy/tcp.h"

namespace hitless::sys {

using proxy::CallFailure;
using proxy::FailureCause;
using proxy::HttpVersion;

UpstreamPool::UpstreamPool(EventLoop& loop, Place place, const UpstreamLimits& limits,
                           WorkerEvents& events)
    : loop_(loop), place_(std::move(place)), limits_(limits), events_(events) {}

UpstreamPool::~UpstreamPool() = default;

std::unique_ptr<proxy::ClientSession> UpstreamPool::newSession(std::string_view alpn,
                                                               proxy::ClientEvents& events) const {
  const bool http2 =
      place_.tls != nullptr && !alpn.empty() ? alpn == "h2" : place_.version == HttpVersion::k2;
  if (http2) {
    return std::make_unique<proxy::Http2ClientSession>(events);
  }
  return std::make_unique<proxy::http1::ClientSession>(proxy::http1::HeadLimits{}, events);
}

/// HTTP/1.1: the one that was used last, which is the least likely to be closed by the upstream
/// just now. HTTP/2: the one with the fewest calls.
UpstreamConnection* UpstreamPool::findUsable() {
  while (!idle_.empty()) {
    UpstreamConnection* const connection = idle_.back();
    idle_.pop_back();
    if (connection->opens() > 0 && loop_.now() - connection->idleSince() < idleLimit()) {
      return connection;
    }
    connection->close();
  }
  if (place_.version != HttpVersion::k2) {
    return nullptr;
  }
  UpstreamConnection* best = nullptr;
  for (const auto& connection : connections_) {
    if (connection->opens() > 0 && (best == nullptr || connection->active() < best->active())) {
      best = connection.get();
    }
  }
  return best;
}

UpstreamConnection* UpstreamPool::take(PooledCall& call) {
  if (UpstreamConnection* const connection = findUsable()) {
    return connection;
  }
  waiting_.push_back(&call);
  // A connection that is being made will take as many calls of HTTP/2 as an upstream allows.
  const std::size_t room = place_.version == HttpVersion::k2 ? connecting_ * 100 : connecting_;
  if (waiting_.size() > room && connections_.size() < limits_.connections) {
    connect();
  }
  return nullptr;
}

void UpstreamPool::forget(PooledCall& waiting) {
  std::erase(waiting_, &waiting);
}

void UpstreamPool::connect() {
  Fd fd = connectTo(place_.address, limits_.priority);
  const int error = errno;
  if (fd.get() < 0) {
    loop_.defer([this, error] {
      CallFailure failure;
      failure.failure.cause = FailureCause::kConnectRefused;
      failure.text = fmt::format("immediate connect error: {}", error);
      failWaiting(failure);
    });
    return;
  }
  PeerSocket transport =
      place_.tls == nullptr
          ? PeerSocket(std::move(fd))
          : PeerSocket::tlsClient(std::move(fd), *place_.tls, place_.serverName, place_.verify);
  connections_.push_back(std::make_unique<UpstreamConnection>(loop_, *this, std::move(transport)));
  ++connecting_;
  ++totals_.connections;
  events_.connecting(place_.cluster);
  if (const Status started = connections_.back()->start(); !started) {
    closeSoon(*connections_.back());  // a call's events come later, never at once
  }
}

void UpstreamPool::closeSoon(UpstreamConnection& connection) {
  loop_.defer([this, &connection] {
    const bool here = std::any_of(connections_.begin(), connections_.end(),
                                  [&](const auto& one) { return one.get() == &connection; });
    if (here && connection.active() == 0) {
      connection.close();
    }
  });
}

void UpstreamPool::connected(UpstreamConnection& connection) {
  --connecting_;
  events_.connected(place_.cluster, place_.version, loop_.now() - connection.begun());
  usable(connection);
}

void UpstreamPool::usable(UpstreamConnection& connection) {
  serveWaiting(connection);
  if (!connection.idle()) {
    return;
  }
  if (connection.opens() == 0 || retired_) {
    closeSoon(connection);
  } else if (std::find(idle_.begin(), idle_.end(), &connection) == idle_.end()) {
    idle_.push_back(&connection);
  }
}

void UpstreamPool::serveWaiting(UpstreamConnection& connection) {
  while (!waiting_.empty() && connection.opens() > 0) {
    PooledCall* const call = waiting_.front();
    waiting_.pop_front();
    callBegan();
    call->connected(connection);
  }
}

void UpstreamPool::callBegan() {
  ++active_;
  ++totals_.calls;
  events_.tryBegan(place_.cluster);
}

void UpstreamPool::callEnded(UpstreamConnection& connection) {
  --active_;
  events_.tryEnded(place_.cluster, false);
  if ((connection.leaving() || retired_) && connection.idle()) {
    usable(connection);
  }
}

void UpstreamPool::failWaiting(const CallFailure& failure) {
  for (PooledCall* const call : std::exchange(waiting_, {})) {
    call->detach();
    call->events().failed(failure);
  }
}

void UpstreamPool::gone(UpstreamConnection& connection, int error, const std::string& text) {
  std::erase(idle_, &connection);
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& one) { return one.get() == &connection; });
  if (found == connections_.end()) {
    return;
  }
  std::unique_ptr<UpstreamConnection> kept = std::move(*found);
  connections_.erase(found);
  const bool established = kept->isEstablished();
  loop_.bury(std::move(kept));
  if (established) {
    events_.disconnected(place_.cluster, connection.closedByPeer() || error != 0,
                         connection.active());
    const nanoseconds idle = loop_.now() - connection.idleSince();
    if (connection.active() == 0 && connection.closedByPeer() && idle > milliseconds(100)) {
      peerIdle_ = std::min(peerIdle_.value_or(idle), idle);
    }
    if (!waiting_.empty() && connecting_ == 0) {
      connect();
    }
    return;
  }
  --connecting_;
  ++totals_.connectFailed;
  events_.connectFailed(place_.cluster, error == ETIMEDOUT);
  CallFailure failure;
  failure.failure.cause =
      error == ETIMEDOUT ? FailureCause::kConnectTimeout : FailureCause::kConnectRefused;
  failure.failure.plannedDeparture = retired_;
  failure.text = text.empty() ? fmt::format("delayed connect error: {}", error)
                              : fmt::format("TLS error: {}", text);
  failWaiting(failure);
}

nanoseconds UpstreamPool::idleLimit() const {
  return peerIdle_ ? std::min(limits_.idle, *peerIdle_ * 4 / 5) : limits_.idle;
}

void UpstreamPool::sweep() {
  closeIdle(idleLimit());
}

void UpstreamPool::retire() {
  retired_ = true;
  closeIdle(nanoseconds::zero());
}

void UpstreamPool::closeIdle(nanoseconds limit) {
  std::vector<UpstreamConnection*> old;
  for (const auto& connection : connections_) {
    if (connection->idle() && loop_.now() - connection->idleSince() >= limit) {
      old.push_back(connection.get());
    }
  }
  for (UpstreamConnection* const connection : old) {
    connection->close();
  }
}

// --- calls ---------------------------------------------------------------------------------------

PooledCall::~PooledCall() {
  if (waiting_) {
    pool_->forget(*this);
  } else if (connection_ != nullptr && stream_ != 0) {
    connection_->cancel(stream_);
  } else if (connection_ != nullptr) {
    pool_->callEnded(*connection_);
  }
}

void PooledCall::start(UpstreamPool& pool, const CallFailure& overflow) {
  pool_ = &pool;
  place_.upstream = pool.place().address;
  place_.pod = pool.place().pod;
  if (pool.full()) {
    return failLater(overflow);
  }
  if (UpstreamConnection* const connection = pool.take(*this)) {
    pool.callBegan();
    setConnection(*connection);
  } else {
    waiting_ = true;
  }
}

void PooledCall::failLater(CallFailure failure) {
  failure_ = std::make_unique<Timer>(loop_, [this, failure] { events_.failed(failure); });
  failure_->set(loop_.now());
}

void PooledCall::setConnection(UpstreamConnection& connection) {
  waiting_ = false;
  connection_ = &connection;
  place_.local = connection.local();
}

void PooledCall::connected(UpstreamConnection& connection) {
  setConnection(connection);
  events_.connected();
}

void PooledCall::detach() {
  waiting_ = false;
  connection_ = nullptr;
  stream_ = 0;
}

void PooledCall::open(const proxy::RequestHead& head, bool end) {
  connection_->open(*this, head, end);
}

void PooledCall::send(std::string_view bytes, bool end) {
  if (connection_ != nullptr) {
    connection_->send(stream_, bytes, end);
  }
}

void PooledCall::sendTrailers(const proxy::Fields& trailers) {
  if (connection_ != nullptr) {
    connection_->sendTrailers(stream_, trailers);
  }
}

void PooledCall::consumed(std::size_t bytes) {
  if (connection_ != nullptr) {
    connection_->consumed(stream_, bytes);
  }
}

std::size_t PooledCall::queued() const {
  return connection_ == nullptr ? 0 : connection_->queued(stream_);
}

}  // namespace hitless::sys
