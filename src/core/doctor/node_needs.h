#pragma once

#include "core/doctor/evidence.h"
#include "core/doctor/links.h"

/// What a node has to do for its containers, as far as its interfaces and rules show it.
namespace hitless::doctor {

/// evidence names::kLinks; an empty one if it is missing or not readable.
Network networkOf(const Evidence& evidence);

/// Containers of this node hang on a network that only this node can lead packets out of.
bool forwardsForPods(const Network& network, IpFamily family);

/// Rules of a Service proxy (kube-proxy in any mode) stand on the node.
bool servesServices(const Evidence& evidence);

/// Bridges of Kubernetes' pods with at least one pod on them. Docker's are none.
std::vector<const Interface*> podBridges(const Network& network);

}  // namespace hitless::doctor
