#pragma once

#include <string>

#include "core/nft/ruleset.h"
#include "core/rules/slot_keys.h"

namespace hitless::rules {

/// The chain that takes a packet to an endpoint of the service port that it is addressed to, if
/// there is one, and returns otherwise: "services-v4", "node-ports-from-node-v6".
std::string dispatchChain(PortKind kind, View view, IpFamily family);

/// The map that holds the endpoints of service ports of a kind.
std::string endpointsMap(PortKind kind, IpFamily family);
/// The verdict maps of session affinity: where a connection goes, and how it is remembered.
std::string affinityMap(PortKind kind, IpFamily family);
std::string rememberMap(PortKind kind, IpFamily family);

/// Adds the maps and, for each kind and view, the dispatch chain with its pick chains.
void addDispatch(nft::Ruleset& ruleset, IpFamily family);

}  // namespace hitless::rules
