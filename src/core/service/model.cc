#include "core/service/model.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "core/service/labels.h"

namespace hitless::service {
namespace {

template <class Value>
struct Row {
  Value value;
  std::string_view name;
};
constexpr std::array<Row<Protocol>, 3> kProtocols = {
    {{Protocol::kTcp, "TCP"}, {Protocol::kUdp, "UDP"}, {Protocol::kSctp, "SCTP"}}};
constexpr std::array<Row<TrafficPolicy>, 2> kPolicies = {
    {{TrafficPolicy::kCluster, "Cluster"}, {TrafficPolicy::kLocal, "Local"}}};
constexpr std::array<Row<ServiceType>, 4> kTypes = {{{ServiceType::kClusterIp, "ClusterIP"},
                                                     {ServiceType::kNodePort, "NodePort"},
                                                     {ServiceType::kLoadBalancer, "LoadBalancer"},
                                                     {ServiceType::kExternalName, "ExternalName"}}};

template <class Value, std::size_t N>
std::optional<Value> parse(const std::array<Row<Value>, N>& rows, std::string_view text) {
  for (const auto& row : rows) {
    if (row.name == text) {
      return row.value;
    }
  }
  return std::nullopt;
}

template <class Value, std::size_t N>
std::string_view nameIn(const std::array<Row<Value>, N>& rows, Value value) {
  for (const auto& row : rows) {
    if (row.value == value) {
      return row.name;
    }
  }
  return "?";
}

std::uint32_t podOf(const kube::Endpoint& endpoint) {
  return endpoint.targetKind == "Pod" && !endpoint.targetUid.empty() ? podId(endpoint.targetUid)
                                                                     : 0;
}

void addAddress(std::vector<IpAddress>& list, const std::string& text) {
  if (const auto ip = IpAddress::parse(text)) {
    list.push_back(*ip);
  }
}

}  // namespace

std::optional<Protocol> parseProtocol(std::string_view text) {
  return parse(kProtocols, text);
}
std::string_view name(Protocol protocol) {
  return nameIn(kProtocols, protocol);
}
std::string_view name(TrafficPolicy policy) {
  return nameIn(kPolicies, policy);
}

std::uint32_t podId(std::string_view uid) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const char letter : uid) {
    hash = (hash ^ static_cast<std::uint8_t>(letter)) * 16777619;
  }
  return std::max(hash, 1U);
}

bool givesSecondChance(const kube::ObjectMeta& meta) {
  const auto said = meta.annotations.find(kSecondChanceAnnotation);
  return said == meta.annotations.end() || said->second != "false";
}

Service serviceFrom(const kube::Service& source) {
  Service service;
  service.type = parse(kTypes, source.type).value_or(ServiceType::kClusterIp);
  service.headless = source.headless();
  const auto& families = source.ipFamilies;
  service.ipv6 = std::find(families.begin(), families.end(), "IPv6") != families.end();
  service.ipv4 =
      !service.ipv6 || std::find(families.begin(), families.end(), "IPv4") != families.end();
  service.publishNotReady = source.publishNotReadyAddresses;
  service.secondChance = givesSecondChance(source.meta);
  service.externalName = source.externalName;
  service.internal =
      parse(kPolicies, source.internalTrafficPolicy).value_or(TrafficPolicy::kCluster);
  service.external =
      parse(kPolicies, source.externalTrafficPolicy).value_or(TrafficPolicy::kCluster);
  service.healthCheckNodePort = source.healthCheckNodePort;
  service.created = source.meta.creationTimestamp;
  if (source.sessionAffinity == "ClientIP") {
    service.affinityTimeout = static_cast<std::uint32_t>(source.sessionAffinityTimeout);
  }
  for (const std::string& text : source.clusterIPs) {
    addAddress(service.clusterIps, text);
  }
  for (const std::string& text : source.externalIPs) {
    addAddress(service.externalIps, text);
  }
  for (const kube::LoadBalancerIngress& ingress : source.loadBalancerIngress) {
    if (ingress.ipMode == "VIP") {
      addAddress(service.balancerIps, ingress.ip);
    }
  }
  for (const std::string& text : source.loadBalancerSourceRanges) {
    // The API tolerates white space.
    if (const auto range = Cidr::parse(trim(text))) {
      service.sourceRanges.push_back(range->masked());
    }
  }
  for (const kube::ServicePort& port : source.ports) {
    const auto protocol = parseProtocol(port.protocol);
    if (protocol && port.port != 0) {
      service.ports.push_back({port.name, *protocol, port.port, port.nodePort});
    }
  }
  const auto label = source.meta.labels.find(kProxyNameLabel);
  if (label != source.meta.labels.end()) {
    service.proxyName = label->second;
  }
  if (source.healthCheckNodePort != 0) {
    service.uid = source.meta.uid;
  }
  return service;
}

std::shared_ptr<const std::string> NodeNames::intern(const std::string& name) {
  if (name.empty()) {
    return nullptr;
  }
  auto& shared = names_[name];
  if (!shared) {
    shared = std::make_shared<const std::string>(name);
    if (names_.size() >= pruneAt_) {
      const auto kept = shared;
      prune();
      return kept;
    }
  }
  return shared;
}

void NodeNames::prune() {
  std::erase_if(names_, [](const auto& entry) { return entry.second.use_count() == 1; });
  pruneAt_ = std::max<std::size_t>(64, names_.size() * 2);
}

Slice sliceFrom(const kube::EndpointSlice& source, NodeNames& names) {
  Slice slice;
  slice.headless = source.meta.labels.contains(kHeadlessLabel);
  for (const kube::EndpointPort& port : source.ports) {
    if (const auto protocol = parseProtocol(port.protocol); protocol && port.port != 0) {
      slice.ports.push_back({port.name, *protocol, port.port});
    }
  }
  slice.endpoints.reserve(source.endpoints.size());
  for (const kube::Endpoint& endpoint : source.endpoints) {
    std::shared_ptr<const Hints> hints;
    if (!endpoint.forNodes.empty() || !endpoint.forZones.empty()) {
      hints = std::make_shared<const Hints>(Hints{endpoint.forNodes, endpoint.forZones});
    }
    const auto node = names.intern(endpoint.nodeName);
    for (const std::string& text : endpoint.addresses) {
      if (const auto ip = IpAddress::parse(text)) {
        slice.endpoints.push_back({*ip, endpoint.ready, endpoint.serving, endpoint.terminating,
                                   podOf(endpoint), node, hints});
        if (!endpoint.hostname.empty()) {
          slice.hostnames.resize(slice.endpoints.size());
          slice.hostnames.back() = endpoint.hostname;
        }
        if (endpoint.terminating) {
          slice.departing.resize(slice.endpoints.size());
          slice.departing.back() = endpoint.targetName;
        }
      }
    }
  }
  for (auto* list : {&slice.hostnames, &slice.departing}) {
    if (!list->empty()) {
      list->resize(slice.endpoints.size());
    }
  }
  return slice;
}

}  // namespace hitless::service
