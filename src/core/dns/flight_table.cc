#include "core/dns/flight_table.h"

#include <algorithm>

namespace hitless::dns {

Waiter::Waiter(AskToken who, const Asker& from)
    : token(who), question(from.question.begin(), from.question.end()), asker(from) {
  asker.question = question;
}

std::string FlightTable::textOf(const CacheKey& key) {
  std::string out(key.name);
  for (const auto number : {static_cast<std::uint16_t>(key.type),
                            static_cast<std::uint16_t>(key.klass), std::uint16_t{key.flags}}) {
    out += static_cast<char>(number >> 8);
    out += static_cast<char>(number);
  }
  return out;
}

Flight& FlightTable::add(const CacheKey& key) {
  const FlightId id{++nextId_};
  Flight& flight = flights_[id].flight;
  flight.id = id;
  flight.name = key.name;
  flight.key = key;
  flight.key.name = flight.name;
  byKey_[textOf(key)] = id;
  return flight;
}

Flight* FlightTable::find(FlightId id) {
  const auto at = flights_.find(id);
  return at == flights_.end() ? nullptr : &at->second.flight;
}

Flight* FlightTable::find(const CacheKey& key) {
  const auto at = byKey_.find(textOf(key));
  return at == byKey_.end() ? nullptr : find(at->second);
}

Flight* FlightTable::find(ExchangeId exchange) {
  const auto at = byExchange_.find(exchange);
  return at == byExchange_.end() ? nullptr : find(at->second);
}

void FlightTable::erase(FlightId id) {
  const auto at = flights_.find(id);
  setExchange(at->second.flight, std::nullopt);
  unschedule(at->second);
  byKey_.erase(textOf(at->second.flight.key));
  flights_.erase(at);
}

void FlightTable::setExchange(Flight& flight, std::optional<ExchangeId> exchange) {
  if (flight.exchange) {
    byExchange_.erase(*flight.exchange);
  }
  flight.exchange = exchange;
  if (exchange) {
    byExchange_[*exchange] = flight.id;
  }
}

void FlightTable::unschedule(Timed& timed) {
  if (timed.wake) {
    times_.erase({*timed.wake, timed.flight.id});
  }
}

void FlightTable::reschedule(Flight& flight) {
  Timed& timed = flights_.at(flight.id);
  unschedule(timed);
  MonoTime wake = std::min(flight.ends, flight.tryEnds);
  if (flight.staleAt) {
    wake = std::min(wake, *flight.staleAt);
  }
  timed.wake = wake;
  times_.insert({wake, flight.id});
}

std::optional<MonoTime> FlightTable::earliest() const {
  return times_.empty() ? std::nullopt : std::optional(times_.begin()->first);
}

Flight* FlightTable::due(MonoTime now) {
  return times_.empty() || times_.begin()->first > now ? nullptr : find(times_.begin()->second);
}

std::vector<FlightId> FlightTable::ids() const {
  std::vector<FlightId> out;
  for (const auto& [id, timed] : flights_) {
    out.push_back(id);
  }
  return out;
}

}  // namespace hitless::dns
