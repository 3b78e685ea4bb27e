#pragma once

#include <string>
#include <vector>

#include "core/nft/dataplane.h"
#include "core/rules/laid_out.h"

/// sessionAffinity ClientIP. Each service port with it has, per traffic policy, a map that packets
/// fill (client address -> endpoint, renewed by every new connection), a chain that follows the map
/// and one that writes it. The endpoint is noted behind translation, where it stands in the packet:
/// so one entry counts for all addresses of the service port.
namespace hitless::rules {

struct AffinityPort {
  const service::ServiceName& name;
  const service::PlannedService& service;
  const service::PlannedFamily& family;
  const service::PlannedPort& port;
};

void addAffinity(nft::Ruleset& out, const AffinityPort& port, const std::vector<Entry>& entries);

/// A map whose entries may name endpoints that are no longer to be used.
struct AffinityMap {
  std::string name;
  std::vector<nft::Datum> valid;  ///< The values that may stay; sorted.
  bool operator==(const AffinityMap&) const = default;
};
/// The maps of a service of which an endpoint went. `before` may be empty.
std::vector<AffinityMap> shrunkAffinity(const service::ServiceName& name,
                                        const LaidOutService& before, const LaidOutService& now);
/// All of a service's maps.
std::vector<AffinityMap> affinityOf(const service::ServiceName& name,
                                    const LaidOutService& service);

/// Deletes entries with other values, until a reading finds none. Packets write these maps, so what
/// was read may be gone or renewed.
Status purge(nft::Dataplane& dataplane, const std::string& table, const AffinityMap& map);

}  // namespace hitless::rules
