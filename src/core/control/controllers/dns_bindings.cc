#include "core/control/controllers/bindings.h"
#include "core/control/controllers/cluster_dns.h"

namespace hitless::control::bindings {
namespace {

const std::string& dnsKey() {
  static const std::string kKey = keyOf(kDnsNamespace, kDnsService);
  return kKey;
}

void dnsConcerns(const Change& change, const Cache&, Keys& keys) {
  const bool own = (change.service.any() || change.slice.any()) && change.key == dnsKey();
  if (own || change.node.any()) {
    keys.push_back(dnsKey());
  }
}

Actions reconcileDns(const std::string& key, const View& view) {
  const Ref<ServiceFacts> facts = view.cache.services().valueAt(key);
  if (facts == nullptr) {
    return {};
  }
  ClusterDnsState state{Ref<kube::Service>(facts, &facts->service),
                        view.store.get(kube::res::kEndpointSlices, kDnsNamespace, kDnsService),
                        {}};
  for (const auto& [name, node] : view.cache.nodes().rows()) {
    state.nodes.emplace_back(node.value, &node.value->node);
  }
  return reconcile(state);
}

}  // namespace

const Controller kClusterDns{"cluster-dns", dnsConcerns, reconcileDns};

}  // namespace hitless::control::bindings
