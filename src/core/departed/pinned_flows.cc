#include "core/departed/pinned_flows.h"

namespace hitless::departed {
namespace {

using conntrack::Flow;
using conntrack::TcpState;

/// The client waits for something.
bool waits(const Flow& flow) {
  switch (flow.tcpState.value_or(TcpState::kNone)) {
    case TcpState::kSynRecv:
    case TcpState::kEstablished:
    case TcpState::kFinWait:
      return true;
    default:
      return false;
  }
}

}  // namespace

PinnedFlows pinnedFlows(std::span<const Flow> flows, const std::set<IpAddress>& gone,
                        const std::set<IpAddress>& ours, Look look) {
  PinnedFlows pinned;
  for (const Flow& flow : flows) {
    if (!gone.contains(flow.reply.source)) {
      continue;
    }
    if (flow.original.protocol == conntrack::kTcp && waits(flow)) {
      if (flow.translated() || ours.contains(flow.original.source)) {
        pinned.reset.push_back(flow.original);
      }
      if (look != Look::kLast) {
        continue;
      }
    }
    pinned.forget.push_back(flow);
  }
  return pinned;
}

}  // namespace hitless::departed
