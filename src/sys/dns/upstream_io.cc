#include "sys/dns/upstream_io.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace hitless::sys {

Forwarding::Forwarding(boost::asio::io_context& io, const Clock& clock, Rng& rng,
                       dns::ForwardOptions options)
    : io_(io),
      clock_(clock),
      timer_(io),
      udp_(io, *this),
      tcp_(io, *this, options.expire),
      forwarder_(std::move(options), rng, *this, *this) {}

Forwarding::~Forwarding() {
  stop();
}

void Forwarding::stop() {
  *alive_ = false;
  timer_.cancel();
  forwarder_.stop();
  udp_.cancelAll();
  tcp_.cancelAll();
  replies_.clear();
}

Status Forwarding::setUpstreams(std::vector<dns::UpstreamGroup> groups) {
  return forwarder_.setUpstreams(std::move(groups));
}

std::size_t Forwarding::answerFromCache(const dns::Query& query, dns::Transport transport,
                                        MonoTime now, std::span<std::uint8_t> out) {
  const std::uint64_t before = forwarder_.counters().prefetches;
  const std::size_t size = forwarder_.answerFromCache(query, transport, now, out);
  if (forwarder_.counters().prefetches != before) {
    arm();
  }
  return size;
}

void Forwarding::ask(const dns::Query& query, dns::Transport transport, Reply reply) {
  const dns::AskToken token{++nextToken_};
  replies_.emplace(token, std::move(reply));
  const bool before = std::exchange(asking_, true);
  forwarder_.ask(query, transport, token, clock_.mono());
  asking_ = before;
  arm();
}

void Forwarding::answer(dns::AskToken token, dns::ByteView message) {
  const auto node = replies_.extract(token);
  if (node.empty()) {
    return;
  }
  if (!asking_) {
    node.mapped()(message);
    return;
  }
  boost::asio::post(io_, [alive = alive_, reply = std::move(node.mapped()),
                          bytes = std::vector<std::uint8_t>(message.begin(), message.end())] {
    if (*alive) {
      reply(bytes);
    }
  });
}

void Forwarding::sendUdp(dns::ExchangeId exchange, const dns::UpstreamAddress& to,
                         dns::ByteView message) {
  udp_.send(exchange, to, message);
}

void Forwarding::sendTcp(dns::ExchangeId exchange, const dns::UpstreamAddress& to,
                         dns::ByteView message) {
  tcp_.send(exchange, to, message);
}

void Forwarding::cancel(dns::ExchangeId exchange) {
  if (!udp_.cancel(exchange)) {
    tcp_.cancel(exchange);
  }
}

bool Forwarding::onReply(dns::ExchangeId exchange, dns::ByteView message) {
  const bool taken = forwarder_.onReply(exchange, message, clock_.mono());
  arm();
  return taken;
}

void Forwarding::onFailure(dns::ExchangeId exchange) {
  forwarder_.onFailure(exchange, clock_.mono());
  arm();
}

void Forwarding::arm() {
  const auto deadline = forwarder_.deadline();
  if (!deadline || !*alive_ || (armed_ && *armed_ <= *deadline)) {
    return;
  }
  armed_ = deadline;
  timer_.expires_at(*deadline);  // Which ends the wait before.
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& cancelled) {
    if (cancelled || !*alive) {
      return;
    }
    armed_.reset();
    forwarder_.onTime(clock_.mono());
    arm();
  });
}

ForwardingStats Forwarding::stats() const {
  ForwardingStats out;
  out.cache = forwarder_.cache().counters();
  out.successEntries = forwarder_.cache().successEntries();
  out.denialEntries = forwarder_.cache().denialEntries();
  out.cacheBytes = forwarder_.cache().bytes();
  out.forward = forwarder_.counters();
  out.connections = tcp_.counters();
  out.upstreams = forwarder_.upstreams().all();
  return out;
}

}  // namespace hitless::sys
