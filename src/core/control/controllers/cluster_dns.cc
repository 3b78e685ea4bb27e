#include "core/control/controllers/cluster_dns.h"

#include "base/ip.h"
#include "core/control/controllers/endpointslice.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;
using kube::res::kEndpointSlices;
using kube::res::kServices;

constexpr std::string_view kManager = "cluster-dns.hitless.io";

std::string internalIPv4(const kube::Node& node) {
  for (const std::string& text : node.internalIPs) {
    const auto ip = IpAddress::parse(text);
    if (ip && ip->isV4()) {
      return text;
    }
  }
  return {};
}

array endpointsOf(const std::vector<Ref<kube::Node>>& nodes) {
  array endpoints;
  for (const Ref<kube::Node>& node : nodes) {
    const std::string address = internalIPv4(*node);
    if (address.empty() || node->meta.terminating()) {
      continue;
    }
    object endpoint{
        {"addresses", array{kube::json::string(address)}},
        {"conditions",
         object{{"ready", node->ready()}, {"serving", node->ready()}, {"terminating", false}}},
        {"nodeName", node->meta.name}};
    if (!node->zone().empty()) {
      endpoint.emplace("zone", node->zone());
    }
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

/// A target by name would be a container's: nodes have none.
std::int64_t targetOf(const kube::ServicePort& port) {
  const auto* number = std::get_if<std::int64_t>(&port.targetPort);
  return number == nullptr || *number == 0 ? std::int64_t{port.port} : *number;
}

array portsOf(const kube::Service& service) {
  array ports;
  for (const kube::ServicePort& port : service.ports) {
    ports.push_back(
        object{{"name", port.name}, {"protocol", port.protocol}, {"port", targetOf(port)}});
  }
  return ports;
}

object sliceFor(const ClusterDnsState& state) {
  const kube::ObjectMeta& owner = state.service->meta;
  kube::Labels labels = owner.labels;
  labels[std::string(kube::kServiceNameLabel)] = owner.name;
  labels[std::string(kManagedByLabel)] = kManager;
  return {{"apiVersion", kEndpointSlices.apiVersion()},
          {"kind", kEndpointSlices.kind},
          {"metadata",
           object{{"name", kDnsService},
                  {"namespace", kDnsNamespace},
                  {"labels", kube::toJson(labels)},
                  {"ownerReferences", array{kube::toJson(controllerReference(kServices, owner))}}}},
          {"addressType", "IPv4"},
          {"endpoints", endpointsOf(state.nodes)},
          {"ports", portsOf(*state.service)}};
}

}  // namespace

Actions reconcile(const ClusterDnsState& state) {
  if (state.service == nullptr || state.service->meta.terminating() ||
      !state.service->selector.empty()) {
    return {};
  }
  object wanted = sliceFor(state);
  if (state.slice == nullptr) {
    return {Create{&kEndpointSlices, std::move(wanted)}};
  }
  const kube::EndpointSlice held = kube::endpointSliceOf(*state.slice);
  const kube::EndpointSlice meant = kube::endpointSliceOf(wanted);
  const bool ours = valueOf(held.meta.labels, kManagedByLabel) == kManager;
  if (!ours || held.meta.terminating() ||
      (held.endpoints == meant.endpoints && held.ports == meant.ports)) {
    return {};
  }
  return {Patch{refTo(kEndpointSlices, held.meta),
                "",
                {{"endpoints", wanted["endpoints"]}, {"ports", wanted["ports"]}},
                held.meta.resourceVersion}};
}

}  // namespace hitless::control
