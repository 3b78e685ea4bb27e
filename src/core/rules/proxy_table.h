#pragma once

#include "core/nft/ruleset.h"
#include "core/proxy/port_list.h"
#include "core/proxy/sidecar.h"

namespace hitless::rules {

struct ProxyTableOptions {
  proxy::PortList inbound = proxy::PortList::all();
  proxy::PortList inboundExcluded;
  std::uint16_t inboundTo = proxy::sidecar::kInboundPort;
  proxy::PortList outbound;
  proxy::PortList outboundExcluded;
  std::uint16_t outboundTo = proxy::sidecar::kOutboundPort;
  std::uint32_t user = proxy::sidecar::kUser;
  std::uint32_t priority = proxy::sidecar::kPriority;
};

/// The table of a pod's own network that leads TCP connections to the proxy in the pod: those that
/// come from elsewhere, and of those that the pod makes to elsewhere all but the proxy's own. What
/// the pod's processes say to each other is left alone, and so are the reserved ports
/// (proxy/sidecar.h). Where a connection was made to stays known (SO_ORIGINAL_DST).
nft::Ruleset proxyTable(const ProxyTableOptions& options);

}  // namespace hitless::rules
