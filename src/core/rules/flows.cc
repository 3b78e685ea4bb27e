#include "core/rules/flows.h"

#include <algorithm>

#include "core/rules/elements.h"

namespace hitless::rules {
namespace {

using conntrack::Destination;
using service::PlannedFamily;
using service::PlannedPort;
using service::PlannedService;
using service::Target;

std::vector<Destination::Endpoint> endpointsOf(const std::vector<Target>& targets) {
  std::vector<Destination::Endpoint> list;
  list.reserve(targets.size());
  for (const Target& target : targets) {
    list.emplace_back(target.ip, target.port);
  }
  return list;
}

/// Where new connections go, under either policy.
std::vector<Target> freshTargets(const PlannedPort& port) {
  std::vector<Target> targets;
  std::set_union(port.cluster.endpoints.begin(), port.cluster.endpoints.end(),
                 port.local.endpoints.begin(), port.local.endpoints.end(),
                 std::back_inserter(targets));
  return targets;
}

/// Every address and port at which a service port is reached.
std::vector<std::pair<IpAddress, std::uint16_t>> addressesOf(const PlannedFamily& family,
                                                             const PlannedPort& port,
                                                             const Options& options) {
  std::vector<std::pair<IpAddress, std::uint16_t>> addresses{{family.clusterIp, port.port}};
  for (const IpAddress& external : servedAt(family, port)) {
    addresses.emplace_back(external, port.port);
  }
  for (const IpAddress& own : options.nodePortAddresses) {
    if (port.nodePort != 0 && own.family() == family.family) {
      addresses.emplace_back(own, port.nodePort);
    }
  }
  return addresses;
}

/// `now` is nullptr where the address is served no more: then no endpoint is valid.
void add(std::vector<Destination>& out, const Options& options, const PlannedFamily& family,
         const PlannedPort& at, const PlannedPort* now) {
  for (const auto& [address, port] : addressesOf(family, at, options)) {
    Destination destination{static_cast<std::uint8_t>(at.protocol), address, port, {}, {}};
    if (now != nullptr) {
      destination.fresh = endpointsOf(freshTargets(*now));
      destination.valid = endpointsOf(now->serving);
    }
    out.push_back(std::move(destination));
  }
}

const PlannedFamily* findFamily(const PlannedService& service, IpFamily family) {
  for (const PlannedFamily& candidate : service.families) {
    if (candidate.family == family) {
      return &candidate;
    }
  }
  return nullptr;
}

const PlannedPort* findPort(const PlannedFamily* family, const PlannedPort& wanted) {
  if (family == nullptr) {
    return nullptr;
  }
  for (const PlannedPort& port : family->ports) {
    if (port.protocol == wanted.protocol && port.port == wanted.port) {
      return &port;
    }
  }
  return nullptr;
}

bool lost(const std::vector<Target>& before, const std::vector<Target>& now) {
  return !std::includes(now.begin(), now.end(), before.begin(), before.end());
}

/// Whether the service port is reached where it was before.
bool sameAddresses(const PlannedFamily& before, const PlannedFamily& now, const PlannedPort& a,
                   const PlannedPort& b) {
  return before.clusterIp == now.clusterIp && servedAt(before, a) == servedAt(now, b) &&
         a.nodePort == b.nodePort;
}

void addLost(std::vector<Destination>& out, const Options& options, const PlannedFamily& family,
             const PlannedFamily* nowFamily) {
  for (const PlannedPort& port : family.ports) {
    const PlannedPort* now = findPort(nowFamily, port);
    if (now == nullptr || !sameAddresses(family, *nowFamily, port, *now)) {
      add(out, options, family, port, nullptr);
    }
    if (now != nullptr &&
        (lost(freshTargets(port), freshTargets(*now)) || lost(port.serving, now->serving))) {
      add(out, options, *nowFamily, *now, now);
    }
  }
}

void addFirst(std::vector<Destination>& out, const Options& options, const PlannedFamily* before,
              const PlannedFamily& now) {
  for (const PlannedPort& port : now.ports) {
    const PlannedPort* old = findPort(before, port);
    const bool had =
        old != nullptr && !freshTargets(*old).empty() && sameAddresses(*before, now, *old, port);
    if (!had && !freshTargets(port).empty()) {
      add(out, options, now, port, &port);
    }
  }
}

}  // namespace

void addChangedFlows(std::vector<Destination>& out, const Options& options,
                     const PlannedService& before, const PlannedService& now) {
  for (const PlannedFamily& family : before.families) {
    if (enabled(options, family.family)) {
      addLost(out, options, family, findFamily(now, family.family));
    }
  }
  for (const PlannedFamily& family : now.families) {
    if (enabled(options, family.family)) {
      addFirst(out, options, findFamily(before, family.family), family);
    }
  }
}

void addAllFlows(std::vector<Destination>& out, const Options& options,
                 const PlannedService& service) {
  for (const PlannedFamily& family : service.families) {
    if (!enabled(options, family.family)) {
      continue;
    }
    for (const PlannedPort& port : family.ports) {
      add(out, options, family, port, &port);
    }
  }
}

}  // namespace hitless::rules
