/// The forwarder's side towards the upstreams: which is asked, and what becomes of its reply.
#include <algorithm>
#include <utility>

#include "core/dns/forwarder.h"

namespace hitless::dns {

/// Turns the servers so that the next one that is not down comes to the back. If all are, that may
/// be the health check's fault: any is as good as another.
void Forwarder::pick(Flight& flight) {
  auto& servers = flight.servers;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    std::rotate(servers.begin(), servers.begin() + 1, servers.end());
    if (!upstreams_.isDown(servers.back())) {
      return;
    }
  }
  ++counters_.healthcheckBroken;
  std::swap(servers[rng_.below(servers.size())], servers.back());
}

void Forwarder::nextTry(Flight& flight, MonoTime now) {
  if (flight.triesLeft == 0 || flight.servers.empty() || flight.ends <= now) {
    giveUp(flight, now);
    return;
  }
  --flight.triesLeft;
  pick(flight);
  const Upstream* upstream = upstreams_.find(flight.server());
  const bool plain = upstream != nullptr && now < upstream->plainUntil;
  send(flight, options_.forceTcp ? Transport::kTcp : Transport::kUdp, plain, now);
}

void Forwarder::send(Flight& flight, Transport via, bool plain, MonoTime now) {
  flight.via = via;
  flight.plain = plain;
  flight.messageId = static_cast<std::uint16_t>(rng_.next());
  flight.sentAt = now;
  flight.tryEnds = std::min<MonoTime>(now + options_.readTimeout, flight.ends);
  const ExchangeId exchange{++nextExchange_};
  flights_.setExchange(flight, exchange);
  flights_.reschedule(flight);
  const auto message = upstreamQuery(flight.question, flight.messageId, plain);
  if (via == Transport::kTcp) {
    link_.sendTcp(exchange, flight.server(), message);
  } else {
    link_.sendUdp(exchange, flight.server(), message);
  }
}

bool Forwarder::onReply(ExchangeId exchange, ByteView reply, MonoTime now) {
  if (prober_.owns(exchange)) {
    return prober_.onReply(exchange, reply);
  }
  Flight* flight = flights_.find(exchange);
  if (flight == nullptr) {
    return true;
  }
  const Judgement judgement = judge(reply, *flight, options_);
  if (judgement.verdict == Verdict::kIgnore) {
    ++counters_.drops;
    return false;
  }
  flights_.setExchange(*flight, std::nullopt);
  if (Upstream* upstream = upstreams_.find(flight->server())) {
    upstream->durations.add(now - flight->sentAt);
  }
  act(*flight, reply, judgement, now);
  return true;
}

void Forwarder::act(Flight& flight, ByteView reply, const Judgement& judgement, MonoTime now) {
  if (judgement.verdict == Verdict::kBroken) {
    tryFailed(flight, now);
    return;
  }
  prober_.trust(flight.server());
  if (judgement.summary) {
    noteEdns(flight, static_cast<Rcode>(judgement.summary->rcode), now);
  }
  if (judgement.verdict == Verdict::kAskPlain) {
    send(flight, flight.via, true, now);
  } else if (judgement.verdict == Verdict::kTryOthers) {
    tryOthers(flight, reply, *judgement.summary, now);
  } else if (judgement.verdict == Verdict::kAskByTcp) {
    // If that fails, the asker gets what there is, and may try by itself.
    flight.fallback = KeptReply(reply, *judgement.summary);
    flight.fallbackLifetime = {};
    send(flight, Transport::kTcp, flight.plain, now);
  } else {
    const Lifetime lifetime = cache_.lifetime(*judgement.summary, flight.key.type);
    complete(flight, KeptReply(reply, *judgement.summary), lifetime, now);
  }
}

/// Only a plain question's success proves that EDNS was what the upstream did not understand.
void Forwarder::noteEdns(const Flight& flight, Rcode rcode, MonoTime now) {
  Upstream* upstream = upstreams_.find(flight.server());
  const bool success = rcode == Rcode::kNoError || rcode == Rcode::kNxDomain;
  if (flight.plain && success && upstream != nullptr && upstream->plainUntil <= now) {
    upstream->plainUntil = now + options_.plainFor;
  }
}

void Forwarder::tryOthers(Flight& flight, ByteView reply, const ReplySummary& summary,
                          MonoTime now) {
  if (!flight.fallback) {
    flight.fallback = KeptReply(reply, summary);
    flight.fallbackLifetime = cache_.lifetime(summary, flight.key.type);
  }
  flight.servers.pop_back();  // It would say the same again.
  nextTry(flight, now);
}

void Forwarder::onFailure(ExchangeId exchange, MonoTime now) {
  if (prober_.owns(exchange)) {
    prober_.onFailure(exchange, now);
  } else if (Flight* flight = flights_.find(exchange)) {
    flights_.setExchange(*flight, std::nullopt);
    tryFailed(*flight, now);
  }
}

void Forwarder::tryFailed(Flight& flight, MonoTime now) {
  if (flight.exchange) {
    link_.cancel(*flight.exchange);
    flights_.setExchange(flight, std::nullopt);
  }
  prober_.suspect(flight.server(), now);
  nextTry(flight, now);
}

void Forwarder::giveUp(Flight& flight, MonoTime now) {
  serveStale(flight, now);
  if (flight.fallback && !flight.servedStale) {
    const Lifetime lifetime = flight.fallbackLifetime;
    complete(flight, std::move(*flight.fallback), lifetime, now);
    return;
  }
  for (const Waiter& waiter : land(flight)) {
    answerError(waiter.token, waiter.asker, Rcode::kServFail, ExtendedError::kNoReachableAuthority);
  }
}

/// Ends the flight: whoever asks from now on asks anew.
std::vector<Waiter> Forwarder::land(Flight& flight) {
  std::vector<Waiter> waiters = std::move(flight.waiters);
  waiting_ -= waiters.size();
  flights_.erase(flight.id);
  return waiters;
}

void Forwarder::complete(Flight& flight, KeptReply reply, const Lifetime& lifetime, MonoTime now) {
  const std::string name = flight.name;
  CacheKey key = flight.key;
  key.name = name;
  for (const Waiter& waiter : land(flight)) {
    const std::size_t size = reply.write(waiter.asker, lifetime.ttl, ExtendedError::kNone, buffer_);
    sink_.answer(waiter.token, ByteView(buffer_).first(size));
  }
  cache_.store(key, std::move(reply), lifetime, now);
}

}  // namespace hitless::dns
