#include "core/service/departures.h"

#include <algorithm>

namespace hitless::service {
namespace {

const std::shared_ptr<const Service>& serviceIn(const Snapshot& snapshot, const ServiceName& name) {
  static const std::shared_ptr<const Service> kNone;
  const ServiceState* state = snapshot.find(name);
  return state == nullptr ? kNone : state->service;
}

template <class List>
bool intersect(const List& a, const List& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& item) {
    return std::find(b.begin(), b.end(), item) != b.end();
  });
}

/// Both cannot have rules at once.
bool collide(const Service& a, const Service& b) {
  const auto sharesNodePort = [&](const ServicePort& port) {
    return port.nodePort != 0 &&
           std::any_of(b.ports.begin(), b.ports.end(), [&](const ServicePort& other) {
             return other.nodePort == port.nodePort && other.protocol == port.protocol;
           });
  };
  return intersect(a.clusterIps, b.clusterIps) || intersect(a.externalIps, b.externalIps) ||
         intersect(a.balancerIps, b.balancerIps) ||
         std::any_of(a.ports.begin(), a.ports.end(), sharesNodePort);
}

}  // namespace

void Departures::depart(const ServiceName& name, const Snapshot& before, const Snapshot& after,
                        MonoTime now) {
  const auto& was = serviceIn(before, name);
  if (serviceIn(after, name)) {
    departed_.erase(name);
  } else if (was && !was->clusterIps.empty()) {
    departed_.try_emplace(name, Departed{was, now + linger_});
  }
}

void Departures::yieldTo(const ServiceName& name, const Snapshot& after, Changes& changes) {
  const auto& service = serviceIn(after, name);
  if (!service) {
    return;
  }
  std::erase_if(departed_, [&](const auto& entry) {
    const bool gone = collide(*entry.second.service, *service);
    if (gone) {
      changes.services.insert(entry.first);
    }
    return gone;
  });
}

void Departures::update(const Snapshot& before, const Snapshot& after, Changes& changes,
                        MonoTime now) {
  if (linger_ <= nanoseconds{}) {
    return;
  }
  std::set<ServiceName> touched = changes.services;
  if (changes.all) {
    const auto add = [&](const ServiceName& name, const ServiceState&) { touched.insert(name); };
    before.forEach(add);
    after.forEach(add);
  }
  for (const ServiceName& name : touched) {
    depart(name, before, after, now);
  }
  for (const ServiceName& name : touched) {
    if (departed_.empty()) {
      break;
    }
    yieldTo(name, after, changes);
  }
  std::erase_if(departed_, [&](const auto& entry) {
    const bool over = entry.second.until <= now;
    if (over) {
      changes.services.insert(entry.first);
    }
    return over;
  });
}

Snapshot Departures::overlay(const Snapshot& snapshot) const {
  std::map<ServiceName, std::shared_ptr<const Service>> services;
  for (const auto& [name, departed] : departed_) {
    services.emplace(name, departed.service);
  }
  return services.empty() ? snapshot : snapshot.with(services);
}

std::optional<MonoTime> Departures::deadline() const {
  const auto first = std::min_element(
      departed_.begin(), departed_.end(),
      [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
  return first == departed_.end() ? std::nullopt : std::optional(first->second.until);
}

}  // namespace hitless::service
