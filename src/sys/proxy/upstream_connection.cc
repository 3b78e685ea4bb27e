#include "sys/proxy/upstream_connection.h"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "sys/proxy/tcp.h"
#include "sys/proxy/upstream_pool.h"

namespace hitless::sys {

using proxy::FailureCause;
using proxy::StreamError;
using proxy::StreamId;

UpstreamConnection::UpstreamConnection(EventLoop& loop, UpstreamPool& pool, PeerSocket transport)
    : SessionConnection(loop, std::move(transport)), pool_(pool), begun_(loop.now()) {}

Status UpstreamConnection::start() {
  TRY_VOID(watch(true));
  connectTimer_ = std::make_unique<Timer>(loop(), [this] {
    abandon();
    over(ETIMEDOUT, {});
  });
  connectTimer_->set(loop().now() + pool_.limits().connectTimeout);
  return {};
}

void UpstreamConnection::established() {
  if (transport().handshaking()) {
    return;
  }
  connectTimer_.reset();
  local_ = localAddress(transport().fd());
  idleSince_ = loop().now();
  client_ = pool_.newSession(transport().protocol(), *this);
  pool_.connected(*this);
}

void UpstreamConnection::close() {
  abandon();
  over(0, {});
}

void UpstreamConnection::over(int error, const std::string& text) {
  for (auto& [stream, open] :
       std::exchange(calls_, {})) {  // a session that says nothing at its end
    proxy::CallFailure failure;
    failure.failure = failureOf(StreamError::kConnectionEnded, open);
    open.call->detach();
    pool_.callEnded(*this);
    open.call->events().failed(failure);
  }
  pool_.gone(*this, error, text);
}

// --- what calls do -------------------------------------------------------------------------------

void UpstreamConnection::open(PooledCall& call, const proxy::RequestHead& head, bool end) {
  const std::uint64_t firstByte = bytesWritten() + client_->queued(0);
  const StreamId stream = client_->open(head, end);
  calls_[stream] = {&call, firstByte, false, end};
  call.setStream(stream);
  flushSoon();
}

void UpstreamConnection::send(StreamId stream, std::string_view bytes, bool end) {
  noteEnd(stream, end);
  client_->send(stream, bytes, end);
  flushSoon();
}

void UpstreamConnection::sendTrailers(StreamId stream, const proxy::Fields& trailers) {
  noteEnd(stream, true);
  client_->sendTrailers(stream, trailers);
  flushSoon();
}

void UpstreamConnection::consumed(StreamId stream, std::size_t bytes) {
  client_->consumed(stream, bytes);
  flushSoon();
}

std::size_t UpstreamConnection::queued(StreamId stream) const {
  return client_->queued(stream);
}

void UpstreamConnection::cancel(StreamId stream) {
  if (calls_.erase(stream) == 0) {
    return;
  }
  client_->reset(stream, StreamError::kCancel);
  idleSince_ = loop().now();
  pool_.callEnded(*this);
  flushSoon();
}

// --- what the session says -----------------------------------------------------------------------

void UpstreamConnection::noteEnd(StreamId stream, bool end) {
  if (Open* const open = end ? find(stream) : nullptr) {
    open->requestEnded = true;
  }
}

UpstreamConnection::Open* UpstreamConnection::find(StreamId stream) {
  const auto found = calls_.find(stream);
  return found == calls_.end() ? nullptr : &found->second;
}

PooledCall* UpstreamConnection::take(StreamId stream) {
  const auto found = calls_.find(stream);
  if (found == calls_.end()) {
    return nullptr;
  }
  PooledCall* const call = found->second.call;
  // Answered before the request was sent whole. Nobody will send the rest, and a stream of HTTP/2
  // that is left half open stays open.
  const bool rest = !found->second.requestEnded || client_->queued(stream) > 0;
  calls_.erase(found);
  if (rest) {
    client_->reset(stream, StreamError::kCancel);
  }
  call->detach();
  idleSince_ = loop().now();
  pool_.callEnded(*this);
  return call;
}

void UpstreamConnection::interim(StreamId stream, proxy::ResponseHead head) {
  if (const Open* open = find(stream)) {
    open->call->events().interim(std::move(head));
  }
}

void UpstreamConnection::response(StreamId stream, proxy::ResponseHead head, bool end) {
  Open* const open = find(stream);
  if (open == nullptr) {
    return;
  }
  open->responded = true;
  PooledCall* const call = end ? take(stream) : open->call;
  call->events().response(std::move(head), end);
}

void UpstreamConnection::data(StreamId stream, std::string_view bytes, bool end) {
  const Open* const open = find(stream);
  if (open == nullptr) {
    return;
  }
  PooledCall* const call = end ? take(stream) : open->call;
  call->events().responseData(bytes, end);
}

void UpstreamConnection::trailers(StreamId stream, proxy::Fields trailers) {
  if (PooledCall* const call = take(stream)) {
    call->events().responseTrailers(std::move(trailers));
  }
}

void UpstreamConnection::drained(StreamId stream) {
  if (const Open* open = find(stream)) {
    open->call->events().callDrained();
  }
}

void UpstreamConnection::openable() {
  pool_.usable(*this);
}

void UpstreamConnection::reset(StreamId stream, StreamError error) {
  const Open* const open = find(stream);
  if (open == nullptr) {
    return;
  }
  proxy::CallFailure failure;
  failure.failure = failureOf(error, *open);
  if (endError() != 0) {
    failure.text = fmt::format("remote connection failure, errno {}", endError());
  }
  PooledCall* const call = take(stream);
  call->events().failed(failure);
}

proxy::Failure UpstreamConnection::failureOf(StreamError error, const Open& open) const {
  proxy::Failure failure;
  switch (error) {
    case StreamError::kRefused:
      failure.cause =
          client_->leaving() ? FailureCause::kAboveGoaway : FailureCause::kRefusedStream;
      break;
    case StreamError::kProtocol:
      failure.cause = FailureCause::kProtocolError;
      break;
    case StreamError::kConnectionEnded:
      failure.cause =
          endError() != 0 ? FailureCause::kConnectionReset : FailureCause::kConnectionEnded;
      break;
    default:
      failure.cause = FailureCause::kStreamReset;
      break;
  }
  const std::uint64_t written = bytesWritten();
  failure.bytesWritten = written > open.firstByte ? written - open.firstByte : 0;
  // TLS adds bytes of its own, so that only plain connections can be reckoned with.
  const auto acknowledged = transport().tls() ? std::nullopt : acknowledgedBytes(transport().fd());
  const std::uint64_t taken = acknowledged.value_or(written);
  failure.bytesAcknowledged =
      std::min(failure.bytesWritten, taken > open.firstByte ? taken - open.firstByte : 0);
  failure.peerFin = peerEnded();
  failure.plannedDeparture = pool_.retired();
  return failure;
}

/// After a FIN, what the peer's kernel does with bytes that it has not acknowledged yet tells
/// whether anybody has read them: an acknowledgement, or a reset.
bool UpstreamConnection::holdsEnd() {
  if (calls_.empty() || transport().tls()) {
    return false;
  }
  for (const auto& [stream, open] : calls_) {
    if (!open.responded && unacknowledgedBytes() > 0) {
      return true;
    }
  }
  return false;
}

}  // namespace hitless::sys
