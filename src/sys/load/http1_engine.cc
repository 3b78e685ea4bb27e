#include "sys/load/http1_engine.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace hitless::sys {
namespace {

/// How long to wait for a server to close first. Who closes first keeps the port in TIME_WAIT for a
/// minute, and a client has only some 28,000 ports for one destination.
constexpr nanoseconds kLinger = seconds{1};

constexpr nanoseconds kRefresh = milliseconds{100};

}  // namespace

load::LoadResult Http1Engine::run() {
  while (!finished()) {
    for (const epoll_event& event : poller_.wait(nextDeadline())) {
      now_ = clock_.mono();
      onEvent(event);
    }
    now_ = clock_.mono();
    names_.tick(now_);
    takeNames();
    expire();
    dispatchWaiting();
    sendDue();
    if (now_ - refreshed_ > kRefresh) {
      refreshed_ = now_;
      lookup_.refresh();
    }
  }
  return std::move(recorder_).finish(schedule_.taken(), now_, lookup_.description());
}

// --- sending -------------------------------------------------------------------------------------

void Http1Engine::sendDue() {
  while (schedule_.peek() && started_ + *schedule_.peek() <= now_) {
    Exchange exchange;
    exchange.scheduled = started_ + *schedule_.peek();
    schedule_.take();
    if (outstanding_ >= spec_.maxOutstanding) {
      recorder_.capHit();
      waiting_.push_back(exchange);
      continue;
    }
    recorder_.sent(exchange.scheduled, now_);
    dispatch(exchange);
  }
}

void Http1Engine::dispatchWaiting() {
  while (!waiting_.empty() && outstanding_ < spec_.maxOutstanding) {
    const Exchange exchange = waiting_.front();
    waiting_.pop_front();
    recorder_.sent(exchange.scheduled, now_);
    dispatch(exchange);
  }
}

/// The pool is filled before connections are reused, and the one that was idle longest comes first:
/// so the load spreads over all backends as that of many clients does.
void Http1Engine::dispatch(Exchange exchange) {
  exchange.serial = ++serials_;
  recorder_.outstanding(++outstanding_);
  const bool mayReuse = spec_.mode == load::Mode::kKeepAlive && exchange.attempt == 1 &&
                        pool_.open() >= spec_.connections;
  const auto idle = mayReuse ? pool_.takeParked() : std::nullopt;
  return idle ? reuse(*idle, exchange) : open(exchange);
}

void Http1Engine::open(Exchange exchange) {
  const std::uint32_t index = pool_.acquire();
  PooledConnection& channel = pool_[index];
  channel.exchange = exchange;
  channel.source = {};
  channel.resolved.reset();
  channel.parser.reset(spec_.method == "HEAD");
  timeouts_.push_back({now_ + spec_.timeout, index, exchange.serial});
  if (!asks_) {
    return connect(index, destination_);
  }
  channel.state = PooledConnection::State::kResolving;
  names_.start((std::uint64_t{channel.generation} << 32) | index, spec_.host, now_);
}

void Http1Engine::connect(std::uint32_t index, const load::Endpoint& destination) {
  PooledConnection& channel = pool_[index];
  ConnectAttempt attempt = startConnect(destination);
  channel.state = PooledConnection::State::kConnecting;
  channel.fd = std::move(attempt.fd);
  channel.source = attempt.source;
  channel.destination = destination;
  channel.exchange.connect = now_;
  if (attempt.error != 0) {
    return fail(index, {load::Phase::kConnecting, attempt.error});
  }
  recorder_.opened();
  const std::uint64_t tag = (std::uint64_t{channel.generation} << 32) | index;
  if (const Status added = poller_.add(channel.fd.get(), tag); !added) {
    fail(index, {load::Phase::kConnecting, added.error().osError});
  }
}

void Http1Engine::takeNames() {
  for (const NameClient::Answer& answer : names_.take()) {
    const auto index = static_cast<std::uint32_t>(answer.asker);
    PooledConnection& channel = pool_[index];
    if (channel.generation != answer.asker >> 32 ||
        channel.state != PooledConnection::State::kResolving) {
      continue;  // its time was over
    }
    if (answer.addresses.empty()) {
      load::Failure failure =
          witness_.answered(channel, load::Cause::kNameNotResolved, recorder_, now_);
      failure.detail = answer.error;
      lose(index, failure);
      continue;
    }
    channel.resolved = now_;
    connect(index, {answer.addresses.front(), spec_.port});
  }
}

void Http1Engine::reuse(std::uint32_t index, Exchange exchange) {
  PooledConnection& channel = pool_[index];
  exchange.reused = true;
  channel.state = PooledConnection::State::kBusy;
  channel.exchange = exchange;
  channel.parser.reset(spec_.method == "HEAD");
  timeouts_.push_back({now_ + spec_.timeout, index, exchange.serial});
  write(index);
}

void Http1Engine::write(std::uint32_t index) {
  PooledConnection& channel = pool_[index];
  Exchange& exchange = channel.exchange;
  while (exchange.sent < request_.size()) {
    const ssize_t count = send(channel.fd.get(), request_.data() + exchange.sent,
                               request_.size() - exchange.sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      return;
    }
    if (count < 0) {
      return fail(index, {load::Phase::kWriting, errno});
    }
    exchange.sent += static_cast<std::size_t>(count);
  }
  if (!exchange.written) {
    exchange.written = now_;
  }
}

// --- receiving -----------------------------------------------------------------------------------

void Http1Engine::onEvent(const epoll_event& event) {
  if (event.data.u64 == Poller::kTimer) {
    return;
  }
  if (event.data.u64 == kStopTag) {
    schedule_.stop();
    return;
  }
  if ((event.data.u64 & NameClient::kTag) != 0) {
    return names_.onReadable(event.data.u64, now_);
  }
  const auto index = static_cast<std::uint32_t>(event.data.u64);
  if (pool_[index].generation != event.data.u64 >> 32) {
    return;  // of a connection closed earlier in this batch
  }
  if (pool_[index].state == PooledConnection::State::kConnecting) {
    return onConnecting(index, event.events);
  }
  if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    return read(index);
  }
  if (pool_[index].state == PooledConnection::State::kBusy) {
    write(index);
  }
}

void Http1Engine::onConnecting(std::uint32_t index, std::uint32_t events) {
  PooledConnection& channel = pool_[index];
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    const SocketError error = takeError(channel.fd.get());
    if (error.error != 0) {
      return fail(index, {load::Phase::kConnecting, error.error, false, error.icmp});
    }
  }
  if ((events & EPOLLOUT) == 0) {
    return;
  }
  channel.state = PooledConnection::State::kBusy;
  write(index);
  // Edges that came together with the connection are not reported again.
  if (pool_[index].state == PooledConnection::State::kBusy && (events & EPOLLIN) != 0) {
    read(index);
  }
}

void Http1Engine::read(std::uint32_t index) {
  static thread_local char buffer[64 * 1024];
  const std::uint32_t generation = pool_[index].generation;
  while (pool_[index].generation == generation) {
    const ssize_t count = recv(pool_[index].fd.get(), buffer, sizeof buffer, 0);
    if (count > 0) {
      onBytes(index, {buffer, static_cast<std::size_t>(count)});
    } else if (count == 0) {
      onClosed(index, 0);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      onClosed(index, errno);
    }
  }
}

void Http1Engine::onBytes(std::uint32_t index, std::string_view bytes) {
  PooledConnection& channel = pool_[index];
  if (channel.state == PooledConnection::State::kIdle) {
    return pool_.release(index);  // an answer to no request
  }
  if (channel.state != PooledConnection::State::kBusy) {
    return;
  }
  const std::size_t taken = channel.parser.feed(bytes);
  if (channel.parser.failed()) {
    lose(index, witness_.answered(channel, load::Cause::kMalformedResponse, recorder_, now_));
  } else if (channel.parser.done()) {
    finish(index, taken == bytes.size());
  }
}

void Http1Engine::onClosed(std::uint32_t index, int error) {
  PooledConnection& channel = pool_[index];
  switch (channel.state) {
    case PooledConnection::State::kIdle:
      recorder_.closedIdle();
      return pool_.release(index);
    case PooledConnection::State::kBusy:
      if (error == 0) {
        channel.parser.finish();
      }
      return channel.parser.done() ? finish(index, false)
                                   : fail(index, {channel.phase(request_.size()), error});
    default:
      return pool_.release(index);
  }
}

// --- ends ----------------------------------------------------------------------------------------

/// A whole response has come; `clean` unless bytes follow it or the connection is closed.
void Http1Engine::finish(std::uint32_t index, bool clean) {
  PooledConnection& channel = pool_[index];
  const Exchange& exchange = channel.exchange;
  witness_.confirm(channel);
  --outstanding_;
  if (const auto cause = load::causeOfStatus(channel.parser.status())) {
    recorder_.failed(exchange.scheduled, witness_.answered(channel, *cause, recorder_, now_));
  } else {
    recorder_.succeeded(exchange.scheduled, now_, channel.parser.status());
  }
  const bool complete = exchange.sent == request_.size();
  if (!clean || !complete) {
    pool_.release(index);
  } else if (channel.parser.reusable() && spec_.mode == load::Mode::kKeepAlive) {
    pool_.park(index);
  } else {
    pool_.linger(index);
    lingering_.push_back({now_ + kLinger, index, exchange.serial});
  }
}

void Http1Engine::fail(std::uint32_t index, const load::Symptom& symptom) {
  lose(index, witness_.fail(pool_[index], symptom, recorder_, now_));
}

/// The request on this connection is lost, or sent again if it may be.
void Http1Engine::lose(std::uint32_t index, const load::Failure& failure) {
  const Exchange exchange = pool_[index].exchange;
  pool_.release(index);
  --outstanding_;
  if (spec_.retryIdleClose &&
      load::mayRetry(failure.cause, exchange.reused, spec_.method, exchange.attempt)) {
    recorder_.retried(failure);
    Exchange again;
    again.scheduled = exchange.scheduled;
    again.attempt = exchange.attempt + 1;
    dispatch(again);
  } else {
    recorder_.failed(exchange.scheduled, failure);
  }
}

// --- time ----------------------------------------------------------------------------------------

void Http1Engine::expire() {
  while (!timeouts_.empty() && (stale(timeouts_.front()) || timeouts_.front().time <= now_)) {
    const Deadline due = timeouts_.front();
    timeouts_.pop_front();
    const PooledConnection& channel = pool_[due.channel];
    if (!stale(due) && channel.state == PooledConnection::State::kResolving) {
      lose(due.channel, witness_.answered(channel, load::Cause::kNameNotResolved, recorder_, now_));
    } else if (!stale(due) && channel.state != PooledConnection::State::kLingering) {
      fail(due.channel, {channel.phase(request_.size()), 0, true});
    }
  }
  while (!lingering_.empty() && (stale(lingering_.front()) || lingering_.front().time <= now_)) {
    const Deadline due = lingering_.front();
    lingering_.pop_front();
    if (!stale(due)) {
      pool_.release(due.channel);
    }
  }
}

std::optional<MonoTime> Http1Engine::nextDeadline() const {
  std::optional<MonoTime> next;
  const auto consider = [&next](MonoTime time) { next = next ? std::min(*next, time) : time; };
  if (schedule_.peek()) {
    consider(started_ + *schedule_.peek());
  }
  if (const auto name = names_.deadline()) {
    consider(*name);
  }
  if (!timeouts_.empty()) {
    consider(timeouts_.front().time);
  }
  if (!lingering_.empty()) {
    consider(lingering_.front().time);
  }
  return next;
}

}  // namespace hitless::sys
