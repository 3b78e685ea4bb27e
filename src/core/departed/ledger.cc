#include "core/departed/ledger.h"

#include <algorithm>

namespace hitless::departed {
namespace {

using service::Endpoint;
using service::ServiceName;
using service::ServiceState;
using service::Slice;

using SlicePtr = std::shared_ptr<const Slice>;

SlicePtr sliceIn(const ServiceState* state, const std::string& name) {
  if (state == nullptr) {
    return nullptr;
  }
  const auto it = state->slices.find(name);
  return it == state->slices.end() ? nullptr : it->second;
}

std::set<ServiceName> touchedBy(const service::Changes& changes, const service::Snapshot& before,
                                const service::Snapshot& after) {
  std::set<ServiceName> touched = changes.services;
  if (changes.all) {
    const auto add = [&](const ServiceName& name, const ServiceState&) { touched.insert(name); };
    before.forEach(add);
    after.forEach(add);
  }
  return touched;
}

/// A StatefulSet gives its pods their own name as hostname; whoever else sets one may give it to
/// many pods at once.
std::optional<Name> stableName(const ServiceName& service, const Slice& slice, std::size_t index) {
  if (!slice.headless || slice.hostnames.empty() || slice.hostnames[index].empty() ||
      slice.hostnames[index] != slice.departing[index]) {
    return std::nullopt;
  }
  return Name{service, slice.hostnames[index]};
}

}  // namespace

void Ledger::update(const service::Snapshot& before, const service::Snapshot& after,
                    const service::Changes& changes) {
  const std::set<ServiceName> touched = touchedBy(changes, before, after);
  for (const ServiceName& name : touched) {
    takeSlices(name, before.find(name), after.find(name));
  }
  for (const ServiceName& name : touched) {
    successions_.look(name, after.find(name));
  }
}

void Ledger::takeSlices(const ServiceName& name, const ServiceState* before,
                        const ServiceState* after) {
  if (before != nullptr) {
    const bool serviceGone = after == nullptr || after->service == nullptr;
    for (const auto& [key, slice] : before->slices) {
      if (sliceIn(after, key) != slice) {
        unsettled_ = unsettled_ || !departures_.empty();
        for (std::size_t i = 0; i < slice->endpoints.size(); ++i) {
          drop(*slice, i, serviceGone);
        }
      }
    }
  }
  if (after != nullptr) {
    for (const auto& [key, slice] : after->slices) {
      if (sliceIn(before, key) != slice) {
        for (std::size_t i = 0; i < slice->endpoints.size(); ++i) {
          take(name, *slice, i);
        }
        unsettled_ = unsettled_ || !departures_.empty();
      }
    }
  }
}

void Ledger::drop(const Slice& slice, std::size_t index, bool serviceGone) {
  const Endpoint& endpoint = slice.endpoints[index];
  if (!endpoint.terminating) {
    live_.remove(endpoint.ip, endpoint.pod);
    return;
  }
  const auto departure = departures_.find(endpoint.ip);
  if (departure != departures_.end() && departure->second.pod == endpoint.pod &&
      departure->second.listed > 0) {
    --departure->second.listed;
    departure->second.unclear = serviceGone;
  }
}

void Ledger::take(const ServiceName& name, const Slice& slice, std::size_t index) {
  const Endpoint& endpoint = slice.endpoints[index];
  if (!endpoint.terminating) {
    live_.add(endpoint.ip, endpoint.pod);
    return;
  }
  if (endpoint.pod == 0) {
    return;
  }
  Departure& departure = enter(endpoint.ip, endpoint.pod);
  departure.name = name.ns + "/" + slice.departing[index];
  departure.local = endpoint.nodeName() == node_;
  departure.published = endpoint.ready;
  departure.unclear = false;
  departure.wasListed = true;
  ++departure.listed;
  if (auto stable = stableName(name, slice, index)) {
    if (!departure.stable) {
      successions_.follow(*stable, endpoint.pod);
    }
    departure.stable = std::move(stable);
  }
}

Ledger::Departure& Ledger::enter(const IpAddress& ip, std::uint32_t pod) {
  Departure& departure = departures_[ip];
  if (departure.pod != pod) {
    departure = {};
    departure.pod = pod;
  }
  return departure;
}

bool Ledger::applyPods(const watch::Update& update) {
  const OwnAddresses::News news = own_.apply(update);
  for (const OwnAddresses::Pod& pod : news.gone) {
    for (const IpAddress& ip : pod.ips) {
      const auto known = departures_.find(ip);
      const bool another = known != departures_.end() && known->second.pod != pod.id;
      if (!another && !live_.hasOther(ip, pod.id)) {
        Departure& departure = enter(ip, pod.id);
        departure.name = pod.name;
        departure.local = true;
        departure.ended = true;
      }
    }
  }
  unsettled_ = unsettled_ || news.moved || !news.gone.empty();
  return news.moved || !news.gone.empty();
}

void Ledger::adopt(const Directions& left) {
  for (const auto& [ip, text] : left.names) {
    Departure& departure = departures_[ip];
    const Whose whose = parseWhose(text);
    const std::size_t slash = whose.pod.find('/');
    departure.name = whose.pod;
    departure.ended = true;
    departure.local = left.gone.contains(ip) && !left.goneFromNode.contains(ip);
    if (!whose.service.empty() && slash != std::string::npos) {
      departure.stable =
          Name{{whose.pod.substr(0, slash), whose.service}, whose.pod.substr(slash + 1)};
      successions_.follow(*departure.stable, departure.pod);
    }
  }
}

void Ledger::name(const IpAddress& ip, const Departure& departure) {
  directions_.names[ip] =
      describe({departure.name, departure.stable ? departure.stable->service.name : std::string()});
}

void Ledger::ending(const std::string& podUid) {
  const std::uint32_t id = service::podId(podUid);
  for (auto& [ip, departure] : departures_) {
    if (departure.pod == id && departure.local) {
      departure.ending = true;
      unsettled_ = true;
    }
  }
}

void Ledger::applyNodes(const watch::Update& update) {
  nodes_.apply(update);
  unsettled_ = true;
}

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
      if (departure.turn) {
        tell(ip, departure, Turn::kReleased, why);
      }
      it = departures_.erase(it);
    } else {
      ++it;
    }
  }
  std::set<Name> names;
  for (auto& [ip, departure] : departures_) {
    direct(ip, departure, now);
    if (departure.stable) {
      names.insert(*departure.stable);
    }
  }
  successions_.retain(names);
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
