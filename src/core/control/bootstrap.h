#pragma once

#include <optional>

#include "base/ip.h"
#include "core/control/registry.h"

namespace hitless::control {

struct BootstrapOptions {
  Cidr services{IpAddress::v4(0x0a600000), 16};
  /// Where pods reach this API server behind the Service kubernetes; absent: nowhere.
  std::optional<IpAddress> address;
  std::uint16_t port = 6443;
  /// The cluster IP of the Service kube-system/kube-dns; absent: there is no such Service.
  std::optional<IpAddress> dns;
  /// Where every node's agent serves its metrics.
  std::uint16_t agentPort = 9470;
};

/// What every cluster has from the start: the four namespaces with their ServiceAccount, and the
/// Service kubernetes at the first address of the range; and the DNS Service, whose servers are the
/// nodes' agents (controllers/cluster_dns.h). Objects that exist are left alone.
Status bootstrap(Registry& registry, const BootstrapOptions& options);

}  // namespace hitless::control
