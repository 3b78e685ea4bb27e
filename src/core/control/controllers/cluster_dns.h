#pragma once

#include <string_view>
#include <vector>

#include "core/control/controllers/ownership.h"

namespace hitless::control {

// The cluster's DNS Service, by the names that kubeadm gives it.
inline constexpr std::string_view kDnsNamespace = "kube-system";
inline constexpr std::string_view kDnsService = "kube-dns";

struct ClusterDnsState {
  Ref<kube::Service> service;          ///< kube-system/kube-dns; null if there is none.
  kube::ObjectPtr slice;               ///< The EndpointSlice of that name; null if there is none.
  std::vector<Ref<kube::Node>> nodes;  ///< By name.
};

/// Every node's agent is a DNS server of the cluster: keeps an EndpointSlice with the nodes'
/// internal addresses, ready as the nodes are. Normally no packet follows it, because each agent
/// takes the queries of its own node; those of a node whose agent is away go to the others. A
/// Service with a selector has servers of its own, and is left alone.
Actions reconcile(const ClusterDnsState& state);

}  // namespace hitless::control
