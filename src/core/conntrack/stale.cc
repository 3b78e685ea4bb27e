#include "core/conntrack/stale.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace hitless::conntrack {
namespace {

using Key = std::tuple<std::uint8_t, IpAddress, std::uint16_t>;

Key keyOf(const Destination& destination) {
  return {destination.protocol, destination.address, destination.port};
}

/// Finds the destination of a flow without looking at the others.
class Index {
 public:
  explicit Index(std::span<const Destination> destinations) {
    entries_.reserve(destinations.size());
    for (const Destination& destination : destinations) {
      entries_.push_back(&destination);
    }
    std::stable_sort(
        entries_.begin(), entries_.end(),
        [](const Destination* a, const Destination* b) { return keyOf(*a) < keyOf(*b); });
  }

  /// The last one given of those that are equal; nullptr if there is none.
  const Destination* find(const Tuple& to) const {
    const Key key{to.protocol, to.destination, to.destinationPort};
    const auto after = std::upper_bound(
        entries_.begin(), entries_.end(), key,
        [](const Key& wanted, const Destination* entry) { return wanted < keyOf(*entry); });
    return after == entries_.begin() || keyOf(**std::prev(after)) != key ? nullptr
                                                                         : *std::prev(after);
  }

 private:
  std::vector<const Destination*> entries_;
};

bool stale(const Flow& flow, const Destination& destination) {
  const bool udp = flow.original.protocol == kUdp;
  const bool tcp = flow.original.protocol == kTcp;
  const bool unanswered = tcp && !flow.seenReply() && flow.tcpState == TcpState::kSynSent;
  const bool reset = tcp && flow.tcpState == TcpState::kClose;
  if (!udp && !unanswered && !reset) {
    return false;
  }
  const auto& allowed = udp ? destination.valid : destination.fresh;
  const Destination::Endpoint endpoint{flow.reply.source, flow.reply.sourcePort};
  return !std::binary_search(allowed.begin(), allowed.end(), endpoint) &&
         (flow.translated() || !destination.fresh.empty());
}

}  // namespace

std::vector<Flow> staleFlows(std::span<const Flow> flows, std::span<const Destination> changed) {
  const Index index(changed);
  std::vector<Flow> result;
  for (const Flow& flow : flows) {
    const Destination* destination = index.find(flow.original);
    if (destination != nullptr && stale(flow, *destination)) {
      result.push_back(flow);
    }
  }
  return result;
}

Result<std::vector<Flow>> removeStaleFlows(FlowTable& table, std::span<const Destination> changed) {
  if (changed.empty()) {
    return std::vector<Flow>{};
  }
  const std::vector<Flow> flows = TRY(table.dump());
  std::vector<Flow> stale = staleFlows(flows, changed);
  for (const Flow& flow : stale) {
    TRY_VOID(table.remove(flow));
  }
  return stale;
}

}  // namespace hitless::conntrack
