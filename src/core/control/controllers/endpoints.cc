#include "core/control/controllers/endpoints.h"

#include <algorithm>
#include <tuple>

#include "base/ip.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;
using kube::res::kEndpoints;

/// Tells what we made from what a user made by hand.
constexpr std::string_view kManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr std::string_view kManager = "endpoint-controller";
constexpr std::string_view kOverCapacity = "endpoints.kubernetes.io/over-capacity";

struct Address {
  IpAddress ip;
  const kube::Pod* pod = nullptr;
  bool ready = false;

  bool operator==(const Address&) const = default;
};

using Addresses = std::vector<Address>;

/// One port and the addresses that have it. A Service without ports has one "no port" of these.
struct PortAddresses {
  std::optional<kube::EndpointPort> port;
  Addresses addresses;
};

bool isCandidate(const kube::Service& service, const kube::Pod& pod) {
  return !pod.finished() && (!pod.meta.terminating() || service.publishNotReadyAddresses);
}

Addresses candidates(const ServiceState& state) {
  Addresses out;
  std::string_view type = "IPv4";
  if (!state.addressTypes.empty()) {
    type = state.addressTypes.front();
  }
  for (const Ref<kube::Pod>& pod : state.pods) {
    const auto ips = addressesOf(*pod, type);
    const auto ip = ips.empty() ? std::nullopt : IpAddress::parse(ips.front());
    if (ip && isCandidate(*state.service, *pod)) {
      out.push_back({*ip, pod.get(), state.service->publishNotReadyAddresses || pod->ready()});
    }
  }
  std::sort(out.begin(), out.end(), [](const Address& a, const Address& b) {
    return std::tie(a.ip, a.pod->meta.uid) < std::tie(b.ip, b.pod->meta.uid);
  });
  return out;
}

std::vector<PortAddresses> byPort(const kube::Service& service, const Addresses& addresses) {
  if (service.ports.empty()) {
    return {{std::nullopt, addresses}};
  }
  std::vector<PortAddresses> out;
  for (const Address& address : addresses) {
    for (kube::EndpointPort& port : targetPorts(service, *address.pod)) {
      auto it = std::find_if(out.begin(), out.end(),
                             [&port](const PortAddresses& entry) { return entry.port == port; });
      if (it == out.end()) {
        it = out.insert(out.end(), PortAddresses{std::move(port), {}});
      }
      it->addresses.push_back(address);
    }
  }
  return out;
}

object toJson(const Address& address, const kube::Service& service) {
  object out{{"ip", address.ip.text()}};
  if (const std::string hostname = hostnameFor(service, *address.pod); !hostname.empty()) {
    out.emplace("hostname", hostname);
  }
  if (!address.pod->nodeName.empty()) {
    out.emplace("nodeName", address.pod->nodeName);
  }
  const kube::ObjectMeta& meta = address.pod->meta;
  out.emplace(
      "targetRef",
      object{{"kind", "Pod"}, {"namespace", meta.ns}, {"name", meta.name}, {"uid", meta.uid}});
  return out;
}

object toJson(const kube::EndpointPort& port) {
  object out;
  if (!port.name.empty()) {
    out.emplace("name", port.name);
  }
  out.emplace("port", std::int64_t{port.port});
  out.emplace("protocol", port.protocol);
  if (!port.appProtocol.empty()) {
    out.emplace("appProtocol", port.appProtocol);
  }
  return out;
}

object subsetOf(const Addresses& addresses, array ports, const kube::Service& service) {
  object subset;
  for (const bool ready : {true, false}) {
    array list;
    for (const Address& address : addresses) {
      if (address.ready == ready) {
        list.push_back(toJson(address, service));
      }
    }
    if (!list.empty()) {
      subset.emplace(ready ? "addresses" : "notReadyAddresses", std::move(list));
    }
  }
  if (!ports.empty()) {
    subset.emplace("ports", std::move(ports));
  }
  return subset;
}

/// Ports that have the same addresses share a subset.
array subsetsOf(const ServiceState& state, const Addresses& addresses) {
  std::vector<PortAddresses> entries = byPort(*state.service, addresses);
  array subsets;
  while (!entries.empty() && !entries.front().addresses.empty()) {
    const Addresses shared = entries.front().addresses;
    array ports;
    std::erase_if(entries, [&](const PortAddresses& entry) {
      if (entry.addresses != shared) {
        return false;
      }
      if (entry.port) {
        ports.push_back(toJson(*entry.port));
      }
      return true;
    });
    subsets.push_back(subsetOf(shared, std::move(ports), *state.service));
  }
  return subsets;
}

kube::Labels labelsFor(const kube::Service& service) {
  kube::Labels labels = service.meta.labels;
  labels[std::string(kManagedBy)] = kManager;
  labels.erase(std::string(kHeadless));
  if (service.headless()) {
    labels[std::string(kHeadless)] = "";
  }
  return labels;
}

/// Cuts the list, the not ready ones first; true if it had to.
bool truncate(Addresses& addresses) {
  if (addresses.size() <= kMaxEndpointsAddresses) {
    return false;
  }
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](const Address& address) { return address.ready; });
  addresses.resize(kMaxEndpointsAddresses);
  return true;
}

Actions create(const ServiceState& state, const kube::Labels& labels, array subsets,
               object annotations) {
  object metadata{{"name", state.name},
                  {"namespace", state.ns},
                  {"labels", kube::toJson(labels)},
                  {"annotations", std::move(annotations)}};
  return {Create{&kEndpoints,
                 {{"apiVersion", "v1"},
                  {"kind", kEndpoints.kind},
                  {"metadata", std::move(metadata)},
                  {"subsets", std::move(subsets)}}}};
}

Actions update(const kube::ObjectMeta& before, const kube::Labels& labels, array subsets,
               object annotations) {
  object labelPatch = kube::toJson(labels);
  for (const auto& [key, value] : before.labels) {
    if (!labels.contains(key)) {
      labelPatch.emplace(key, nullptr);
    }
  }
  object metadata{{"labels", std::move(labelPatch)}, {"annotations", std::move(annotations)}};
  return {Patch{refTo(kEndpoints, before),
                "",
                {{"metadata", std::move(metadata)}, {"subsets", std::move(subsets)}},
                before.resourceVersion}};
}

Actions removeOurs(const ServiceState& state) {
  if (state.service != nullptr || state.endpoints == nullptr) {
    return {};
  }
  const kube::ObjectMeta meta = kube::metaOf(*state.endpoints);
  const bool ours = valueOf(meta.labels, kManagedBy) == kManager && !meta.terminating();
  return ours ? Actions{Delete{refTo(kEndpoints, meta)}} : Actions{};
}

}  // namespace

Actions reconcileEndpoints(const ServiceState& state) {
  if (state.service == nullptr || !isManaged(*state.service)) {
    return removeOurs(state);
  }
  Addresses addresses = candidates(state);
  const bool cut = truncate(addresses);
  array subsets = subsetsOf(state, addresses);
  const kube::Labels labels = labelsFor(*state.service);
  const kube::ObjectMeta before =
      state.endpoints == nullptr ? kube::ObjectMeta{} : kube::metaOf(*state.endpoints);
  if (state.endpoints != nullptr) {
    const array* old = kube::findArray(*state.endpoints, {"subsets"});
    if (before.labels == labels && (old == nullptr ? array{} : *old) == subsets) {
      return {};
    }
  }
  object annotations;
  annotations[kOverCapacity] = cut ? kube::json::value("truncated") : kube::json::value(nullptr);
  const std::string trigger = triggerTime(state, valueOf(before.annotations, kTriggerTime));
  if (!trigger.empty()) {
    annotations[kTriggerTime] = trigger;
  }
  if (state.endpoints != nullptr) {
    return update(before, labels, std::move(subsets), std::move(annotations));
  }
  if (!cut) {
    annotations.erase(kOverCapacity);
  }
  return create(state, labels, std::move(subsets), std::move(annotations));
}

}  // namespace hitless::control
