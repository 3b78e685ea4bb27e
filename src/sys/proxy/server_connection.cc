#include "sys/proxy/server_connection.h"

#include <algorithm>
#include <utility>

#include "core/proxy/http2/server_session.h"

namespace hitless::sys {
namespace {

/// RFC 9113 3.4: how a client of HTTP/2 begins, and no other does.
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

ServerConnection::ServerConnection(ServerContext& context, PeerSocket transport, Origin origin)
    : SessionConnection(context.loop(), std::move(transport)),
      context_(context),
      origin_(std::move(origin)),
      idle_(context.loop(), [this] { onIdle(); }) {
  info_.listener = origin_.listener;
  info_.local = origin_.local;
  info_.remote = origin_.remote;
  lastByte_ = context.loop().now();
}

ServerConnection::~ServerConnection() = default;

Status ServerConnection::start(std::string_view first) {
  TRY_VOID(watch(false));
  idle_.set(loop().now() + context_.limits().head);
  if (!first.empty()) {
    receiveFirst(first);
    flushSoon();
  }
  return {};
}

void ServerConnection::established() {
  info_.serverName = transport().serverName();
}

/// HTTP/2 by ALPN or by its preface, HTTP/1.1 otherwise.
void ServerConnection::receiveFirst(std::string_view bytes) {
  first_.append(bytes);
  const std::string_view seen = std::string_view(first_).substr(0, kPreface.size());
  const bool byAlpn = transport().protocol() == "h2";
  if (!byAlpn && seen.size() < kPreface.size() && kPreface.starts_with(seen)) {
    return;
  }
  proxy::ServerEvents& events = *this;
  if (byAlpn || seen == kPreface) {
    info_.version = proxy::HttpVersion::k2;
    server_ = std::make_unique<proxy::Http2ServerSession>(events);
  } else {
    proxy::http1::ServerSession::Options options;
    options.scheme = transport().tls() ? "https" : "http";
    auto http1 = std::make_unique<proxy::http1::ServerSession>(std::move(options), events);
    http1_ = http1.get();
    server_ = std::move(http1);
  }
  context_.events().speaks(origin_.listener, info_.version);
  const std::string first = std::move(first_);
  first_.clear();
  if (context_.notifiesAll()) {
    notice();
  }
  server_->receive(first);
}

// --- times ---------------------------------------------------------------------------------------

/// The time for a request's head does not begin anew with each byte of it.
void ServerConnection::touched() {
  lastByte_ = loop().now();
  if (server_ == nullptr) {
    return;
  }
  if (!exchanges_.empty()) {
    headTimed_ = false;
    return idle_.set(lastByte_ + context_.limits().stream);
  }
  if (http1_ != nullptr && http1_->awaitsHead() && !http1_->idle()) {
    if (!std::exchange(headTimed_, true)) {
      idle_.set(lastByte_ + context_.limits().head);
    }
    return;
  }
  headTimed_ = false;
  idle_.set(lastByte_ + context_.limits().idle);
}

void ServerConnection::onIdle() {
  if (!exchanges_.empty()) {
    std::vector<proxy::Exchange*> idle;
    for (const auto& [stream, exchange] : exchanges_) {
      idle.push_back(exchange.get());
    }
    for (proxy::Exchange* const exchange : idle) {
      exchange->idle();
    }
    return touched();  // what is tried again may fall silent again
  }
  idledOut_ = true;
  if (http1_ != nullptr && !http1_->idle()) {
    http1_->headTimedOut();
    return flushSoon();
  }
  endGracefully();
}

// --- the end -------------------------------------------------------------------------------------

void ServerConnection::notice() {
  if (server_ != nullptr && !server_->noticed()) {
    server_->notice();
    if (info_.version == proxy::HttpVersion::k2) {
      context_.events().goawaySent();
    }
    flushSoon();
  }
}

bool ServerConnection::lively() const {
  constexpr nanoseconds kMost = seconds(1);
  return http1_ != nullptr && exchanges_.empty() &&
         context_.loop().now() - lastByte_ < std::min(3 * gap_, kMost);
}

/// At once and not half: what a client sends into it nevertheless is refused by the kernel, which
/// tells a client of our kind that nobody has seen it.
void ServerConnection::closeIfIdle(nanoseconds quiet) {
  const bool idle = exchanges_.empty() && (server_ == nullptr  ? first_.empty()
                                           : http1_ != nullptr ? http1_->idle()
                                                               : false);
  if (idle && !transport().handshaking() && !lively() && loop().now() - lastByte_ >= quiet &&
      receiveQueueEmpty() && unacknowledgedBytes() == 0) {
    abandon();
    over(0, {});
  }
}

void ServerConnection::cut() {
  std::vector<proxy::Exchange*> all;
  for (const auto& [stream, exchange] : exchanges_) {
    all.push_back(exchange.get());
  }
  for (proxy::Exchange* const exchange : all) {
    exchange->cut();
  }
}

/// Those of which the session has said nothing: HTTP/1.1's client may have closed its half only, as
/// long as the connection has not failed.
void ServerConnection::endExchanges() {
  while (!exchanges_.empty()) {
    exchanges_.begin()->second->reset(proxy::StreamError::kConnectionEnded);
  }
}

void ServerConnection::over(int error, const std::string&) {
  proxy::WorkerStats::DownstreamEnd end;
  if (server_ != nullptr) {
    end.version = info_.version;
    end.drain = server_->noticed() && error == 0 && !peerEnded();
  }
  end.byPeer = error != 0 || peerEnded();
  end.idle = idledOut_;
  end.activeRequests = exchanges_.size();
  endExchanges();
  context_.events().closed(origin_.listener, end);
  context_.forget(*this);
}

// --- what the session says -----------------------------------------------------------------------

void ServerConnection::request(proxy::StreamId stream, proxy::RequestHead head, bool end) {
  context_.events().requestBegan(origin_.listener, info_.version);
  if (lastRequest_ != MonoTime{}) {
    gap_ = std::max(gap_ * 7 / 8, loop().now() - lastRequest_);
  }
  lastRequest_ = loop().now();
  proxy::ExchangeOwner& owner = *this;
  if (context_.exchanges().edge) {
    head.scheme = transport().tls() ? "https" : "http";  // of HTTP/2 it is what the client says
  }
  auto exchange = std::make_unique<proxy::Exchange>(context_.exchanges(), owner, stream);
  proxy::Exchange& begun = *exchange;
  exchanges_[stream] = std::move(exchange);
  touched();  // the time for the head is over
  begun.request(std::move(head), end);
}

void ServerConnection::data(proxy::StreamId stream, std::string_view bytes, bool end) {
  if (const auto found = exchanges_.find(stream); found != exchanges_.end()) {
    found->second->data(bytes, end);
  } else {
    server_->consumed(stream, bytes.size());  // of a request that has been answered already
  }
}

void ServerConnection::trailers(proxy::StreamId stream, proxy::Fields trailers) {
  if (const auto found = exchanges_.find(stream); found != exchanges_.end()) {
    found->second->trailers(std::move(trailers));
  }
}

void ServerConnection::reset(proxy::StreamId stream, proxy::StreamError error) {
  if (const auto found = exchanges_.find(stream); found != exchanges_.end()) {
    found->second->reset(error);
  }
}

void ServerConnection::drained(proxy::StreamId stream) {
  if (const auto found = exchanges_.find(stream); found != exchanges_.end()) {
    found->second->drained();
  }
}

void ServerConnection::refused(int status, std::string_view details) {
  proxy::RequestRecord record;
  record.start = loop().clock().wall();
  record.listener = origin_.listener;
  record.version = info_.version;
  record.method = "-";
  record.path = "-";
  record.status = status;
  record.flags = record.flags | proxy::Flag::kDownstreamProtocolError;
  record.details = details;
  record.downstreamLocal = info_.local;
  record.downstreamRemote = info_.remote;
  record.serverName = info_.serverName;
  context_.events().requestBegan(origin_.listener, info_.version);
  context_.events().requestOver(record);
}

// --- what exchanges want -------------------------------------------------------------------------

/// Exchanges take it when they have something to say to the client, which is when a client is told
/// to go elsewhere, too.
proxy::ServerSession& ServerConnection::session() {
  if (context_.notifies()) {
    notice();
  }
  return *server_;
}

void ServerConnection::over(proxy::StreamId stream, const proxy::RequestRecord& record) {
  context_.events().requestOver(record);
  if (const auto timer = timeouts_.find(stream); timer != timeouts_.end()) {
    loop().bury(std::move(timer->second));  // it may be what called
    timeouts_.erase(timer);
  }
  const auto found = exchanges_.find(stream);
  if (found != exchanges_.end()) {
    loop().bury(std::move(found->second));
    exchanges_.erase(found);
  }
  touched();
}

void ServerConnection::wakeAt(proxy::StreamId stream, MonoTime time) {
  std::unique_ptr<Timer>& timer = timeouts_[stream];
  if (timer == nullptr) {
    timer = std::make_unique<Timer>(loop(), [this, stream] {
      if (const auto found = exchanges_.find(stream); found != exchanges_.end()) {
        found->second->timeout();
      }
    });
  }
  timer->set(time);
}

void ServerConnection::upgraded() {
  context_.events().upgraded(origin_.listener);
}

proxy::Routed ServerConnection::route(const proxy::RequestHead& head) {
  return context_.route(origin_.listener, head);
}

std::shared_ptr<const proxy::Cluster> ServerConnection::cluster(const std::string& name) {
  return context_.cluster(name);
}

}  // namespace hitless::sys
