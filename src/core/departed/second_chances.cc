#include "core/departed/second_chances.h"

#include <algorithm>
#include <iterator>

namespace hitless::departed {
namespace {

using service::Endpoint;
using service::Protocol;
using service::Service;
using service::ServiceName;
using service::ServiceState;
using service::Slice;
using service::SlicePort;
using service::Snapshot;
using service::Target;
using service::TrafficPolicy;

/// The Service, if proxies translate connections to it.
const Service* translated(const ServiceState* state) {
  const Service* service = state == nullptr ? nullptr : state->service.get();
  return service == nullptr || service->headless || service->clusterIps.empty() ? nullptr : service;
}

bool offers(const Service& service, const SlicePort& port) {
  return port.protocol == Protocol::kTcp &&
         std::any_of(service.ports.begin(), service.ports.end(), [&](const auto& known) {
           return known.protocol == Protocol::kTcp && known.name == port.name;
         });
}

bool holds(const Slice& slice, const IpAddress& ip) {
  return std::any_of(slice.endpoints.begin(), slice.endpoints.end(),
                     [&](const Endpoint& endpoint) { return endpoint.ip == ip; });
}

std::set<Target> inBoth(const std::set<Target>& a, const std::set<Target>& b) {
  std::set<Target> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

/// FNV-1a over address and port.
std::uint64_t mix(std::uint64_t hash, const Target& target) {
  const auto add = [&](std::uint8_t byte) { hash = (hash ^ byte) * 1099511628211ULL; };
  for (const std::uint8_t byte : target.ip.bytes()) {
    add(byte);
  }
  add(static_cast<std::uint8_t>(target.port >> 8));
  add(static_cast<std::uint8_t>(target.port));
  return hash;
}

/// The one of the highest rank, which differs by `from`: pods that go at once do not all get the
/// same substitute, and one that comes or goes changes no other's (rendezvous hashing).
Target highest(const std::set<Target>& targets, const Target& from) {
  const auto rank = [&](const Target& target) {
    return mix(mix(14695981039346656037ULL, from), target);
  };
  return *std::max_element(targets.begin(), targets.end(),
                           [&](const Target& a, const Target& b) { return rank(a) < rank(b); });
}

}  // namespace

bool SecondChances::ours(const Slice& slice, std::size_t index) const {
  const std::string_view node = slice.endpoints[index].nodeName();
  return !slice.headless && (node.empty() || node == node_);
}

void SecondChances::add(const ServiceName& name, const Slice& slice, std::size_t index) {
  if (ours(slice, index)) {
    ++uses_[slice.endpoints[index].ip][name];
  }
}

void SecondChances::remove(const ServiceName& name, const Slice& slice, std::size_t index) {
  const auto used = uses_.find(slice.endpoints[index].ip);
  if (!ours(slice, index) || used == uses_.end()) {
    return;
  }
  const auto by = used->second.find(name);
  if (by != used->second.end() && --by->second == 0) {
    used->second.erase(by);
  }
  if (used->second.empty()) {
    uses_.erase(used);
  }
}

void SecondChances::follow(const IpAddress& ip, std::uint32_t pod) {
  Going& going = going_[ip];
  if (going.pod != pod) {
    going = {};
    going.pod = pod;
  }
}

void SecondChances::retain(const std::set<IpAddress>& ips) {
  std::erase_if(going_, [&](const auto& entry) { return !ips.contains(entry.first); });
}

const SecondChances::ByPort& SecondChances::of(const IpAddress& ip) const {
  static const ByPort kNone;
  const auto going = going_.find(ip);
  return going == going_.end() ? kNone : going->second.chosen;
}

bool SecondChances::look(const Snapshot& snapshot, const std::set<ServiceName>& touched) {
  bool changed = false;
  for (auto& [ip, going] : going_) {
    if (concerns(ip, going, touched)) {
      going.fresh = false;
      associate(ip, going, snapshot);
      choose(ip, going, snapshot);
      changed = true;
    }
  }
  return changed;
}

bool SecondChances::concerns(const IpAddress& ip, const Going& going,
                             const std::set<ServiceName>& touched) const {
  const auto used = uses_.find(ip);
  return going.fresh || std::any_of(touched.begin(), touched.end(), [&](const ServiceName& name) {
           return going.services.contains(name) ||
                  (used != uses_.end() && used->second.contains(name));
         });
}

void SecondChances::associate(const IpAddress& ip, Going& going, const Snapshot& snapshot) const {
  const auto used = uses_.find(ip);
  if (used == uses_.end()) {
    return;
  }
  for (const auto& [name, count] : used->second) {
    const ServiceState* state = snapshot.find(name);
    const Service* service = translated(state);
    if (service == nullptr) {
      continue;
    }
    for (const auto& [key, slice] : state->slices) {
      if (slice->headless || !holds(*slice, ip)) {
        continue;
      }
      for (const SlicePort& port : slice->ports) {
        if (offers(*service, port)) {
          going.ports[port.port].emplace(name, port.name);
          going.services.insert(name);
        }
      }
    }
  }
}

/// nullopt: as far as this Service goes, connections are to stay with the pod.
std::optional<SecondChances::Pool> SecondChances::poolOf(const IpAddress& ip, const PortName& port,
                                                         const Snapshot& snapshot) const {
  const ServiceState* state = snapshot.find(port.first);
  const Service* service = translated(state);
  if (service == nullptr || !service->secondChance) {
    return std::nullopt;
  }
  Pool pool;
  // The client's own address is to be seen, or it is to stay on this node.
  pool.localOnly =
      service->internal == TrafficPolicy::kLocal || service->external == TrafficPolicy::kLocal;
  for (const auto& [key, slice] : state->slices) {
    for (const SlicePort& offered : slice->ports) {
      if (slice->headless || offered.protocol != Protocol::kTcp || offered.name != port.second) {
        continue;
      }
      for (const Endpoint& endpoint : slice->endpoints) {
        if (endpoint.ip == ip && service->publishNotReady) {
          return std::nullopt;  // It is to be reached until its end.
        }
        if (endpoint.ip == ip || endpoint.ip.family() != ip.family() || !endpoint.ready ||
            endpoint.terminating) {
          continue;
        }
        const Target target{endpoint.ip, offered.port};
        pool.targets.insert(target);
        if (endpoint.nodeName() == node_) {
          pool.local.insert(target);
        }
      }
    }
  }
  return pool;
}

/// What all of them have.
SecondChances::Pool SecondChances::commonPool(const IpAddress& ip, const std::set<PortName>& ports,
                                              const Snapshot& snapshot) const {
  std::optional<Pool> common;
  for (const PortName& port : ports) {
    std::optional<Pool> pool = poolOf(ip, port, snapshot);
    if (!pool) {
      return {};
    }
    if (!common) {
      common = std::move(pool);
      continue;
    }
    common->targets = inBoth(common->targets, pool->targets);
    common->local = inBoth(common->local, pool->local);
    common->localOnly = common->localOnly || pool->localOnly;
  }
  return common.value_or(Pool{});
}

void SecondChances::choose(const IpAddress& ip, Going& going, const Snapshot& snapshot) const {
  const ByPort before = std::exchange(going.chosen, {});
  for (const auto& [port, names] : going.ports) {
    const Pool pool = commonPool(ip, names, snapshot);
    const std::set<Target>& allowed = pool.localOnly ? pool.local : pool.targets;
    const std::set<Target>& best = pool.local.empty() ? allowed : pool.local;
    const auto kept = before.find(port);
    if (kept != before.end() && allowed.contains(kept->second)) {
      going.chosen.insert(*kept);
    } else if (!best.empty()) {
      going.chosen.emplace(port, highest(best, {ip, port}));
    }
  }
}

}  // namespace hitless::departed
