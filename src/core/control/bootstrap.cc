#include "core/control/bootstrap.h"

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
  return {};
}

}  // namespace hitless::control
