#pragma once

#include "app/proxy/sidecar_table.h"
#include "core/proxy/stats/worker_stats.h"

namespace hitless::app {

/// Inbound for what stands before an application, but for the listener of what the pod sends.
inline proxy::Direction directionOf(const proxy::Listener& listener, bool edge) {
  return edge || listener.name == kOutboundListener ? proxy::Direction::kOutbound
                                                    : proxy::Direction::kInbound;
}

}  // namespace hitless::app
