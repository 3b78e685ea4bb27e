#include "core/departed/pinned_flows.h"

#include "core/conntrack/labels.h"

namespace hitless::departed {
namespace {

using conntrack::Flow;
using conntrack::TcpState;

/// The client waits for something.
bool waits(TcpState state) {
  return state == TcpState::kSynRecv || state == TcpState::kEstablished ||
         state == TcpState::kFinWait;
}

}  // namespace

PinnedFlows pinnedFlows(std::span<const Flow> flows, const std::set<IpAddress>& gone,
                        const std::set<IpAddress>& ours, Look look) {
  PinnedFlows pinned;
  for (const Flow& flow : flows) {
    if (!gone.contains(flow.reply.source) || flow.labelled(conntrack::kLedElsewhereLabel)) {
      continue;
    }
    const TcpState state = flow.tcpState.value_or(TcpState::kNone);
    if (state == TcpState::kTimeWait) {
      continue;
    }
    if (waits(state)) {
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
