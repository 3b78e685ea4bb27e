#include "core/service/departures.h"

#include <algorithm>

namespace hitless::service {
namespace {

const Service* serviceIn(const Snapshot& snapshot, const ServiceName& name) {
  const ServiceState* state = snapshot.find(name);
  return state == nullptr ? nullptr : state->service.get();
}

bool has(const Service* service, const IpAddress& address) {
  return service != nullptr && std::find(service->clusterIps.begin(), service->clusterIps.end(),
                                         address) != service->clusterIps.end();
}

/// No object has this name: a space is in it.
ServiceName shownAs(const ServiceName& name, const IpAddress& address) {
  return {name.ns, name.name + " formerly at " + address.text()};
}

/// Only what a name leads to: node ports and external addresses are nobody's to be told by DNS.
std::shared_ptr<const Service> at(const Service& service, const IpAddress& address) {
  auto alone = std::make_shared<Service>(service);
  alone->clusterIps = {address};
  alone->externalIps.clear();
  alone->balancerIps.clear();
  alone->healthCheckNodePort = 0;
  for (ServicePort& port : alone->ports) {
    port.nodePort = 0;
  }
  return alone;
}

}  // namespace

void Departures::depart(const ServiceName& name, const Snapshot& before, const Snapshot& after,
                        Changes& changes, MonoTime now) {
  const ServiceState* was = before.find(name);
  if (was == nullptr || !was->service) {
    return;
  }
  const Service* is = serviceIn(after, name);
  for (const IpAddress& address : was->service->clusterIps) {
    if (!has(is, address)) {
      const ServiceName shown = shownAs(name, address);
      departed_.insert_or_assign(
          shown, Departed{name, address, {at(*was->service, address), was->slices}, now + linger_});
      changes.services.insert(shown);
    }
  }
}

void Departures::yieldTo(const Service& service, Changes& changes) {
  std::erase_if(departed_, [&](const auto& entry) {
    const bool taken = has(&service, entry.second.address);
    if (taken) {
      changes.services.insert(entry.first);
    }
    return taken;
  });
}

void Departures::follow(const Snapshot& after, Changes& changes) {
  for (auto& [shown, departed] : departed_) {
    const ServiceState* state = after.find(departed.origin);
    if (state == nullptr) {
      continue;
    }
    for (auto& [name, slice] : departed.state.slices) {
      const auto known = state->slices.find(name);
      if (known != state->slices.end() && known->second != slice) {
        slice = known->second;
        changes.services.insert(shown);
      }
    }
  }
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
    depart(name, before, after, changes, now);
  }
  if (departed_.empty()) {
    return;
  }
  for (const ServiceName& name : touched) {
    if (const Service* service = serviceIn(after, name)) {
      yieldTo(*service, changes);
    }
  }
  follow(after, changes);
  std::erase_if(departed_, [&](const auto& entry) {
    const bool over = entry.second.until <= now;
    if (over) {
      changes.services.insert(entry.first);
    }
    return over;
  });
}

Snapshot Departures::overlay(const Snapshot& snapshot) const {
  std::map<ServiceName, ServiceState> states;
  for (const auto& [shown, departed] : departed_) {
    states.emplace(shown, departed.state);
  }
  return states.empty() ? snapshot : snapshot.with(states);
}

std::optional<MonoTime> Departures::deadline() const {
  const auto first = std::min_element(
      departed_.begin(), departed_.end(),
      [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
  return first == departed_.end() ? std::nullopt : std::optional(first->second.until);
}

}  // namespace hitless::service
