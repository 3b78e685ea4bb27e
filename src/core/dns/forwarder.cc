#include "core/dns/forwarder.h"

#include <algorithm>
#include <utility>

namespace hitless::dns {

Forwarder::Forwarder(ForwardOptions options, Rng& rng, UpstreamLink& link, AnswerSink& sink)
    : options_(std::move(options)),
      rng_(rng),
      link_(link),
      sink_(sink),
      cache_(options_.cache, rng),
      upstreams_(options_.policy, options_.maxFails),
      prober_(options_, upstreams_, link, rng),
      buffer_(kMaxMessage) {}

Status Forwarder::setUpstreams(std::vector<UpstreamGroup> groups) {
  TRY_VOID(upstreams_.set(std::move(groups)));
  prober_.forgetOthers();
  return {};
}

std::size_t Forwarder::answerFromCache(const Query& query, Transport transport, MonoTime now,
                                       std::span<std::uint8_t> out) {
  const CacheKey key = keyOf(query);
  const Cache::Hit hit = cache_.answer(askerOf(query, transport), key, now, out);
  if (hit.refresh) {
    refresh(key, query.questionBytes, now);
  }
  return hit.size;
}

void Forwarder::refresh(const CacheKey& key, ByteView question, MonoTime now) {
  if (busy() || flights_.find(key) != nullptr) {
    return;
  }
  if (Flight* flight = launch(key, question, now)) {
    ++counters_.prefetches;
    nextTry(*flight, now);
  }
}

bool Forwarder::busy() const {
  const std::size_t most = options_.maxConcurrent;
  return most > 0 && (waiting_ >= most || flights_.size() >= most);
}

void Forwarder::ask(const Query& query, Transport transport, AskToken token, MonoTime now) {
  const Asker asker = askerOf(query, transport);
  const CacheKey key = keyOf(query);
  if (key.klass != Class::kInternet || isMetaType(key.type)) {
    answerError(token, asker, Rcode::kRefused, ExtendedError::kNone);
    return;
  }
  if (busy()) {
    ++counters_.maxConcurrentRejects;
    if (!answerStale(token, asker, key, now)) {
      answerError(token, asker, Rcode::kRefused, ExtendedError::kNone);
    }
    return;
  }
  if (Flight* flight = flights_.find(key)) {
    ++counters_.joined;
    join(*flight, token, asker, now);
    return;
  }
  Flight* flight = launch(key, query.questionBytes, now);
  if (flight == nullptr) {
    if (!answerStale(token, asker, key, now)) {
      answerError(token, asker, Rcode::kServFail, ExtendedError::kNotReady);
    }
    return;
  }
  const FlightId id = flight->id;
  join(*flight, token, asker, now);
  flight = flights_.find(id);  // An answer may have led to anything.
  if (flight != nullptr) {
    nextTry(*flight, now);
  }
}

/// A question that nobody waits for yet; nullptr if there is nobody to ask.
Flight* Forwarder::launch(const CacheKey& key, ByteView question, MonoTime now) {
  std::vector<UpstreamAddress> servers = upstreams_.order(key.name, rng_);
  if (servers.empty()) {
    return nullptr;
  }
  ++counters_.questions;
  Flight& flight = flights_.add(key);
  flight.question.section.assign(question.begin(), question.end());
  flight.question.recursionDesired = (key.flags & CacheKey::kRecursionDesired) != 0;
  flight.question.checkingDisabled = (key.flags & CacheKey::kCheckingDisabled) != 0;
  flight.question.dnssecOk = (key.flags & CacheKey::kDnssecOk) != 0;
  flight.triesLeft = 2 * servers.size();
  flight.ends = now + options_.totalTimeout;
  flight.tryEnds = flight.ends;
  if (upstreams_.areDown(servers)) {
    flight.servedStale = cache_.holdStale(key, now);
  } else if (cache_.hasStale(key, now)) {
    flight.staleAt = now + options_.staleAfter;
  }
  flight.servers = std::move(servers);
  flights_.reschedule(flight);
  return &flight;
}

void Forwarder::join(Flight& flight, AskToken token, const Asker& asker, MonoTime now) {
  if (flight.servedStale && answerStale(token, asker, flight.key, now)) {
    return;
  }
  flight.waiters.emplace_back(token, asker);
  ++waiting_;
}

void Forwarder::answerError(AskToken token, const Asker& asker, Rcode rcode, ExtendedError why) {
  const std::size_t size = writeError(asker, rcode, why, buffer_);
  sink_.answer(token, ByteView(buffer_).first(size));
}

bool Forwarder::answerStale(AskToken token, const Asker& asker, const CacheKey& key, MonoTime now) {
  const std::size_t size = cache_.answerStale(asker, key, now, buffer_);
  if (size > 0) {
    sink_.answer(token, ByteView(buffer_).first(size));
  }
  return size > 0;
}

void Forwarder::serveStale(Flight& flight, MonoTime now) {
  flight.staleAt.reset();
  flights_.reschedule(flight);
  if (!cache_.holdStale(flight.key, now)) {
    return;  // Gone meanwhile: evicted, or too old.
  }
  flight.servedStale = true;
  const std::string name = flight.name;
  CacheKey key = flight.key;
  key.name = name;
  const std::vector<Waiter> waiters = std::exchange(flight.waiters, {});
  waiting_ -= waiters.size();
  for (const Waiter& waiter : waiters) {
    if (!answerStale(waiter.token, waiter.asker, key, now)) {
      answerError(waiter.token, waiter.asker, Rcode::kServFail,
                  ExtendedError::kNoReachableAuthority);
    }
  }
}

std::optional<MonoTime> Forwarder::deadline() const {
  const auto flight = flights_.earliest();
  const auto probe = prober_.deadline();
  return flight && probe ? std::min(flight, probe) : (flight ? flight : probe);
}

void Forwarder::onTime(MonoTime now) {
  prober_.onTime(now);
  while (Flight* flight = flights_.due(now)) {
    if (flight->ends <= now) {
      tryFailed(*flight, now);
    } else if (flight->staleAt && *flight->staleAt <= now) {
      serveStale(*flight, now);
    } else {
      tryFailed(*flight, now);
    }
  }
}

void Forwarder::stop() {
  for (const FlightId id : flights_.ids()) {
    Flight& flight = *flights_.find(id);
    if (flight.exchange) {
      link_.cancel(*flight.exchange);
    }
    flights_.erase(id);
  }
  waiting_ = 0;
  upstreams_ = Upstreams(options_.policy, options_.maxFails);
  prober_.forgetOthers();
}

}  // namespace hitless::dns
