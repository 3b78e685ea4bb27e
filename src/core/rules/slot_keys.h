#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/nft/datum.h"
#include "core/service/plan.h"

/// How packets to a service port are found in the maps and sets.
namespace hitless::rules {

/// What a packet's destination is looked up as.
enum class PortKind {
  kAddress,   ///< address . protocol . port
  kNodePort,  ///< protocol . port, at one of the node's addresses
};

/// Whose endpoints are meant. With externalTrafficPolicy Local a connection from a pod of this node
/// or from the node itself uses the endpoints of policy Cluster (kube-proxy's short-circuit), so
/// such service ports have two lists of slots.
enum class View : std::uint32_t {
  kOwn = 0,
  kFromNode = 1U << 20,  ///< The numbers of its slots begin here.
};

/// One key under which a planned port is served.
struct Entry {
  enum class Via { kClusterIp, kExternalIp, kNodePort };
  Via via = Via::kClusterIp;
  nft::Datum key;  ///< The service port, as PortKind says.
  View view = View::kOwn;
  service::TrafficPolicy policy = service::TrafficPolicy::kCluster;

  PortKind kind() const { return via == Via::kNodePort ? PortKind::kNodePort : PortKind::kAddress; }
  nft::Datum slotKey(std::uint32_t slot) const {
    nft::Datum datum = key;
    datum.number(static_cast<std::uint32_t>(view) + slot);
    return datum;
  }
};

std::vector<Entry> entriesOf(const service::PlannedService& service,
                             const service::PlannedFamily& family,
                             const service::PlannedPort& port);

/// address . protocol . port
nft::Datum addressKey(const IpAddress& address, service::Protocol protocol, std::uint16_t port);
/// protocol . port
nft::Datum nodePortKey(service::Protocol protocol, std::uint16_t port);

/// The external IPs of the family at which the port is served.
std::vector<IpAddress> servedAt(const service::PlannedFamily& family,
                                const service::PlannedPort& port);

}  // namespace hitless::rules
