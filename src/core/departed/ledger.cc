#include "core/departed/ledger.h"

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
  unsettled_ = chances_.look(after, touched) || unsettled_;
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
          chances_.remove(name, *slice, i);
        }
      }
    }
  }
  if (after != nullptr) {
    for (const auto& [key, slice] : after->slices) {
      if (sliceIn(before, key) != slice) {
        for (std::size_t i = 0; i < slice->endpoints.size(); ++i) {
          take(name, *slice, i);
          chances_.add(name, *slice, i);
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
  if (departure.local) {
    chances_.follow(endpoint.ip, endpoint.pod);
  }
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
    takeOwn(pod, true);
  }
  for (const OwnAddresses::Pod& pod : news.going) {
    takeOwn(pod, false);
  }
  const bool any = news.moved || !news.gone.empty() || !news.going.empty();
  unsettled_ = unsettled_ || any;
  return any;
}

void Ledger::takeOwn(const OwnAddresses::Pod& pod, bool ended) {
  for (const IpAddress& ip : pod.ips) {
    const auto known = departures_.find(ip);
    const bool another = known != departures_.end() && known->second.pod != pod.id;
    if (!another && !live_.hasOther(ip, pod.id)) {
      Departure& departure = enter(ip, pod.id);
      departure.name = pod.name;
      departure.local = true;
      departure.ended = departure.ended || ended;
      departure.declines = !pod.secondChance;
      chances_.follow(ip, pod.id);
    }
  }
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

}  // namespace hitless::departed
