#include "core/dns/parking.h"

namespace hitless::dns {

std::optional<Parking::Ticket> Parking::enter(const IpAddress& client, MonoTime now) {
  if (!enabled() || places_.size() >= options_.most) {
    return std::nullopt;
  }
  std::size_t& count = perClient_[client];
  if (count >= options_.mostOfOne) {
    return std::nullopt;
  }
  ++count;
  places_.emplace(next_, Place{client, now + options_.limit});
  return next_++;
}

void Parking::leave(Ticket ticket) {
  const auto it = places_.find(ticket);
  if (it == places_.end()) {
    return;
  }
  const auto client = perClient_.find(it->second.client);
  if (--client->second == 0) {
    perClient_.erase(client);
  }
  places_.erase(it);
}

std::vector<Parking::Ticket> Parking::all() const {
  std::vector<Ticket> tickets;
  for (const auto& [ticket, place] : places_) {
    tickets.push_back(ticket);
  }
  return tickets;
}

std::vector<Parking::Ticket> Parking::expired(MonoTime now) const {
  std::vector<Ticket> tickets;
  for (const auto& [ticket, place] : places_) {
    if (place.until > now) {
      break;
    }
    tickets.push_back(ticket);
  }
  return tickets;
}

std::optional<MonoTime> Parking::deadline() const {
  return places_.empty() ? std::nullopt : std::optional(places_.begin()->second.until);
}

}  // namespace hitless::dns
