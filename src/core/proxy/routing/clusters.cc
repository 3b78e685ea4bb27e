#include "core/proxy/routing/clusters.h"

#include <algorithm>

namespace hitless::proxy::routing {
namespace {

const service::ServicePort* portOf(const service::Service& service, std::uint16_t number) {
  const auto it = std::find_if(
      service.ports.begin(), service.ports.end(), [&](const service::ServicePort& port) {
        return port.port == number && port.protocol == service::Protocol::kTcp;
      });
  return it == service.ports.end() ? nullptr : &*it;
}

void addEndpoints(const service::Slice& slice, const service::SlicePort& port, IpFamily family,
                  const ObjectName& sliceName, const PodNames& pods, Cluster& cluster) {
  for (const service::Endpoint& endpoint : slice.endpoints) {
    const bool departing = endpoint.terminating && endpoint.serving;
    if (endpoint.ip.family() == family && (endpoint.ready || departing)) {
      cluster.upstreams.push_back({{endpoint.ip, port.port},
                                   endpoint.ready,
                                   pods.find(sliceName, endpoint.ip),
                                   std::string(endpoint.nodeName())});
    }
  }
}

/// Two slices may both have an endpoint while it moves between them; ready counts.
void sortUnique(std::vector<Upstream>& upstreams) {
  std::sort(upstreams.begin(), upstreams.end(), [](const Upstream& a, const Upstream& b) {
    return a.address != b.address ? a.address < b.address : a.ready && !b.ready;
  });
  upstreams.erase(
      std::unique(upstreams.begin(), upstreams.end(),
                  [](const Upstream& a, const Upstream& b) { return a.address == b.address; }),
      upstreams.end());
}

}  // namespace

void PodNames::apply(const watch::Update& slices) {
  if (slices.kind == watch::Update::Kind::kFull) {
    bySlice_.clear();
  }
  for (const watch::Change& change : slices.changes) {
    const kube::EndpointSlice slice = kube::endpointSliceOf(*change.object);
    const ObjectName name{slice.meta.ns, slice.meta.name};
    if (change.type == watch::ChangeType::kDelete) {
      bySlice_.erase(name);
      continue;
    }
    auto& pods = bySlice_[name];
    pods.clear();
    for (const kube::Endpoint& endpoint : slice.endpoints) {
      for (const std::string& address : endpoint.addresses) {
        const auto ip = IpAddress::parse(address);
        if (ip && endpoint.targetKind == "Pod") {
          const std::string& ns =
              endpoint.targetNamespace.empty() ? name.ns : endpoint.targetNamespace;
          pods[*ip] = ns + "/" + endpoint.targetName;
        }
      }
    }
  }
}

const std::string& PodNames::find(const ObjectName& slice, const IpAddress& ip) const {
  static const std::string kNone;
  const auto pods = bySlice_.find(slice);
  if (pods == bySlice_.end()) {
    return kNone;
  }
  const auto pod = pods->second.find(ip);
  return pod == pods->second.end() ? kNone : pod->second;
}

Cluster clusterOf(const std::string& name, const ClusterSource& source,
                  const service::ServiceState* state, const PodNames& pods) {
  Cluster cluster;
  cluster.name = name;
  cluster.protocol = source.protocol;
  if (state == nullptr || !state->service) {
    return cluster;
  }
  const service::ServicePort* port = portOf(*state->service, source.port);
  if (port == nullptr) {
    return cluster;
  }
  const IpFamily family = state->service->ipv4 ? IpFamily::kV4 : IpFamily::kV6;
  for (const auto& [sliceName, slice] : state->slices) {
    for (const service::SlicePort& offered : slice->ports) {
      if (offered.name == port->name && offered.protocol == port->protocol) {
        addEndpoints(*slice, offered, family, {source.service.ns, sliceName}, pods, cluster);
      }
    }
  }
  sortUnique(cluster.upstreams);
  return cluster;
}

}  // namespace hitless::proxy::routing
