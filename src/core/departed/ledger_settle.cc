#include <algorithm>

#include "core/departed/ledger.h"

/// What follows from what the ledger has taken in.
namespace hitless::departed {

void Ledger::settle(MonoTime now) {
  if (!std::exchange(unsettled_, false) && !(deadline_ && now >= *deadline_)) {
    return;
  }
  ++generation_;
  directions_ = {};
  directions_.ownPods = own_.all();
  deadline_.reset();
  for (auto it = departures_.begin(); it != departures_.end();) {
    auto& [ip, departure] = *it;
    judgeGone(ip, departure, now);
    std::string why;
    if (isOver(ip, departure, now, why)) {
      tellChances(ip, departure, {});
      if (departure.turn) {
        tell(ip, departure, Turn::kReleased, why);
      }
      it = departures_.erase(it);
    } else {
      ++it;
    }
  }
  std::set<Name> names;
  std::set<IpAddress> ips;
  for (auto& [ip, departure] : departures_) {
    direct(ip, departure, now);
    giveChances(ip, departure);
    ips.insert(ip);
    if (departure.stable) {
      names.insert(*departure.stable);
    }
  }
  successions_.retain(names);
  chances_.retain(ips);
}

void Ledger::judgeGone(const IpAddress& ip, Departure& departure, MonoTime now) {
  if (!departure.announced && departure.stable && !departure.published) {
    departure.announced = true;
    successions_.vacate(*departure.stable, departure.pod, now);
  }
  const std::uint32_t own = own_.at(ip);
  const bool alive = live_.has(ip, departure.pod) || (own != 0 && own == departure.pod);
  const bool left = departure.wasListed && departure.listed == 0 && !departure.unclear;
  if (departure.gone || alive || (!left && !departure.ended)) {
    return;
  }
  departure.gone = now;
  if (departure.stable) {
    successions_.vacate(*departure.stable, departure.pod, now);
  }
}

MonoTime Ledger::tombstoneEnd(const Departure& departure) const {
  return *departure.gone + options_.tombstone + (departure.stable ? options_.park : nanoseconds{});
}

bool Ledger::isOver(const IpAddress& ip, Departure& departure, MonoTime now,
                    std::string& why) const {
  const std::uint32_t own = own_.at(ip);
  const bool back = departure.gone && live_.has(ip, departure.pod);
  if (back || live_.hasOther(ip, departure.pod) || (own != 0 && own != departure.pod) ||
      nodes_.contains(ip)) {
    why = "reused";
    return true;
  }
  why = "expired";
  if (!departure.gone) {
    // Its Service is gone, and with it what would tell of the pod's end.
    return departure.listed == 0 && departure.unclear && !departure.ended;
  }
  const bool forwarding =
      departure.forwardedSince && now < *departure.forwardedSince + options_.forward;
  return now >= tombstoneEnd(departure) && !forwarding;
}

void Ledger::direct(const IpAddress& ip, Departure& departure, MonoTime now) {
  if (departure.gone && now < tombstoneEnd(departure)) {
    directions_.gone.insert(ip);
    if (!departure.local) {
      directions_.goneFromNode.insert(ip);
    }
    name(ip, departure);
    remindAt(tombstoneEnd(departure));
  }
  const Succession* succession = departure.stable ? successions_.find(*departure.stable) : nullptr;
  const auto heir = succession != nullptr ? succession->of(ip.family()) : std::nullopt;
  if (heir && heir->pod != departure.pod) {
    const MonoTime since = departure.forwardedSince.value_or(now);
    if (now < since + options_.forward) {
      departure.forwardedSince = since;
      departure.parkedSince.reset();
      directions_.forwarded[ip] = heir->ip;
      name(ip, departure);
      remindAt(since + options_.forward);
      if (departure.forwardedTo != heir->ip) {
        departure.turn.reset();
      }
      departure.forwardedTo = heir->ip;
      return tell(ip, departure, Turn::kForwarded, heir->ip.text());
    }
  } else if (succession != nullptr && park(ip, departure, now)) {
    return tell(ip, departure, Turn::kParked);
  }
  departure.parkedSince.reset();
  if (departure.gone) {
    tell(ip, departure, Turn::kTombstone);
  } else if (departure.turn == Turn::kParked) {
    tell(ip, departure, Turn::kReleased, "expired");
  }
}

void Ledger::giveChances(const IpAddress& ip, Departure& departure) {
  const std::uint32_t own = own_.at(ip);
  departure.declines = own != 0 && own == departure.pod ? own_.declines(ip) : departure.declines;
  const bool given = options_.secondChance && departure.local && !departure.declines;
  const SecondChances::ByPort chances = given ? chances_.of(ip) : SecondChances::ByPort{};
  for (const auto& [port, to] : chances) {
    directions_.secondChances[{ip, port}] = to;
    name(ip, departure);
  }
  tellChances(ip, departure, chances);
}

void Ledger::tellChances(const IpAddress& ip, Departure& departure,
                         const SecondChances::ByPort& now) {
  for (const auto& [port, to] : departure.chances) {
    if (!now.contains(port)) {
      const std::string from = service::Target{ip, port}.text();
      happenings_.push_back({Turn::kSecondChanceEnded, ip, departure.name, from});
    }
  }
  for (const auto& [port, to] : now) {
    const auto before = departure.chances.find(port);
    if (before == departure.chances.end() || before->second != to) {
      const std::string way = service::Target{ip, port}.text() + " to " + to.text();
      happenings_.push_back({Turn::kSecondChanceBegun, ip, departure.name, way});
    }
  }
  departure.chances = now;
}

bool Ledger::park(const IpAddress& ip, Departure& departure, MonoTime now) {
  const Succession* succession = successions_.find(*departure.stable);
  if (!succession->vacantFrom || options_.park <= nanoseconds{}) {
    return false;
  }
  const MonoTime since = departure.parkedSince.value_or(now);
  const MonoTime until = std::min(*succession->vacantFrom, since + options_.park) + options_.park;
  if (now >= until) {
    return false;
  }
  departure.parkedSince = since;
  directions_.parked.insert(ip);
  name(ip, departure);
  if (departure.gone || departure.ending || !departure.local) {
    directions_.parkedFromNode.insert(ip);
  }
  remindAt(until);
  return true;
}

void Ledger::tell(const IpAddress& ip, Departure& departure, Turn turn, std::string detail) {
  if (departure.turn != turn) {
    departure.turn = turn;
    happenings_.push_back({turn, ip, departure.name, std::move(detail)});
  }
}

void Ledger::remindAt(MonoTime time) {
  deadline_ = std::min(deadline_.value_or(time), time);
}

}  // namespace hitless::departed
