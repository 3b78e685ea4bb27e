#include "core/conntrack/stale.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace hitless::conntrack {
namespace {

using Key = std::tuple<std::uint8_t, IpAddress, std::uint16_t>;

bool contains(const std::vector<Destination::Endpoint>& list, const Destination::Endpoint& item) {
  return std::binary_search(list.begin(), list.end(), item);
}

bool stale(const Flow& flow, const Destination& destination) {
  const Destination::Endpoint endpoint{flow.reply.source, flow.reply.sourcePort};
  if (flow.original.protocol == kUdp) {
    return flow.translated() ? !contains(destination.valid, endpoint) : !destination.fresh.empty();
  }
  return flow.original.protocol == kTcp && flow.translated() && !flow.seenReply() &&
         flow.tcpState == TcpState::kSynSent && !contains(destination.fresh, endpoint);
}

}  // namespace

std::vector<Flow> staleFlows(std::span<const Flow> flows, std::span<const Destination> changed) {
  std::map<Key, const Destination*> byKey;
  for (const Destination& destination : changed) {
    byKey[{destination.protocol, destination.address, destination.port}] = &destination;
  }
  std::vector<Flow> result;
  for (const Flow& flow : flows) {
    const auto it = byKey.find(
        {flow.original.protocol, flow.original.destination, flow.original.destinationPort});
    if (it != byKey.end() && stale(flow, *it->second)) {
      result.push_back(flow);
    }
  }
  return result;
}

Result<std::size_t> removeStaleFlows(FlowTable& table, std::span<const Destination> changed) {
  if (changed.empty()) {
    return 0;
  }
  const std::vector<Flow> flows = TRY(table.dump());
  const std::vector<Flow> stale = staleFlows(flows, changed);
  for (const Flow& flow : stale) {
    TRY_VOID(table.remove(flow));
  }
  return stale.size();
}

}  // namespace hitless::conntrack
