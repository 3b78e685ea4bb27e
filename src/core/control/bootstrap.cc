#include "core/control/bootstrap.h"

#include "core/control/controllers/cluster_dns.h"
#include "core/kube/objects.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

Status ensure(Registry& registry, const kube::Resource& resource, std::string_view ns,
              json::object object) {
  const auto created = registry.create(resource, ns, std::move(object), {});
  if (!created && created.error().code != 409) {
    return tl::unexpected(toError(created.error()).during("make the cluster's first objects"));
  }
  return {};
}

json::object kubernetesService(const Cidr& services) {
  return {{"metadata", json::object{{"name", "kubernetes"},
                                    {"labels", json::object{{"component", "apiserver"},
                                                            {"provider", "kubernetes"}}}}},
          {"spec", json::object{{"type", "ClusterIP"},
                                {"clusterIP", services.at(1).text()},
                                {"ports", json::array{json::object{{"name", "https"},
                                                                   {"port", 443},
                                                                   {"protocol", "TCP"},
                                                                   {"targetPort", 6443}}}}}}};
}

json::object kubernetesServiceCidr(const Cidr& services) {
  return {{"metadata", json::object{{"name", "kubernetes"}}},
          {"spec", json::object{{"cidrs", json::array{json::string(services.text())}}}}};
}

json::object kubernetesSlice(const IpAddress& address, std::uint16_t port) {
  return {
      {"metadata", json::object{{"name", "kubernetes"},
                                {"labels", json::object{{std::string(kube::kServiceNameLabel),
                                                         "kubernetes"}}}}},
      {"addressType", address.isV4() ? "IPv4" : "IPv6"},
      {"endpoints",
       json::array{json::object{{"addresses", json::array{json::string(address.text())}},
                                {"conditions", json::object{{"ready", true}}}}}},
      {"ports", json::array{json::object{{"name", "https"}, {"port", port}, {"protocol", "TCP"}}}}};
}

json::object dnsPort(std::string_view name, std::string_view protocol, std::uint16_t port,
                     std::uint16_t target) {
  return {{"name", name}, {"protocol", protocol}, {"port", port}, {"targetPort", target}};
}

/// As kubeadm makes it, but without a selector: the servers are not pods.
json::object dnsService(const IpAddress& address, std::uint16_t agentPort) {
  const json::object labels{{"k8s-app", kDnsService},
                            {"kubernetes.io/cluster-service", "true"},
                            {"kubernetes.io/name", "hitless"}};
  const json::object annotations{{"prometheus.io/port", "9153"}, {"prometheus.io/scrape", "true"}};
  return {
      {"metadata",
       json::object{{"name", kDnsService}, {"labels", labels}, {"annotations", annotations}}},
      {"spec", json::object{{"type", "ClusterIP"},
                            {"clusterIP", address.text()},
                            {"ports", json::array{dnsPort("dns", "UDP", 53, 53),
                                                  dnsPort("dns-tcp", "TCP", 53, 53),
                                                  dnsPort("metrics", "TCP", 9153, agentPort)}}}}};
}

}  // namespace

Status bootstrap(Registry& registry, const BootstrapOptions& options) {
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    TRY_VOID(ensure(registry, kube::res::kNamespaces, "",
                    json::object{{"metadata", json::object{{"name", name}}}}));
  }
  TRY_VOID(ensure(registry, kube::res::kServiceCidrs, "", kubernetesServiceCidr(options.services)));
  TRY_VOID(ensure(registry, kube::res::kServices, "default", kubernetesService(options.services)));
  if (options.address) {
    TRY_VOID(ensure(registry, kube::res::kEndpointSlices, "default",
                    kubernetesSlice(*options.address, options.port)));
  }
  if (options.dns) {
    TRY_VOID(ensure(registry, kube::res::kServices, kDnsNamespace,
                    dnsService(*options.dns, options.agentPort)));
  }
  return {};
}

}  // namespace hitless::control
