#include "core/load/channel/round_robin.h"

#include <algorithm>
#include <utility>

namespace hitless::load {

std::size_t RoundRobin::count(const Members& members, Connectivity state) {
  return static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(),
                    [state](const auto& entry) { return entry.second == state; }));
}

void RoundRobin::onAddresses(const std::vector<Address>& addresses) {
  Members members;
  for (const Address& address : addresses) {
    const SubchannelId id = host_.subchannel(address);
    host_.connect(id);
    members[id] = host_.stateOf(id);
  }
  pending_ = std::move(members);
  if (addresses.empty()) {
    current_.clear();
    host_.requestResolution();
  }
  evaluate();
}

void RoundRobin::note(Members& members, SubchannelId id) {
  const auto found = members.find(id);
  if (found == members.end()) {
    return;
  }
  const Connectivity state = host_.stateOf(id);
  if (found->second != Connectivity::kTransientFailure || state == Connectivity::kReady) {
    found->second = state;
  }
}

void RoundRobin::onState(SubchannelId id) {
  const Connectivity state = host_.stateOf(id);
  if (state == Connectivity::kTransientFailure || state == Connectivity::kIdle) {
    host_.requestResolution();
  }
  host_.connect(id);
  note(current_, id);
  note(pending_, id);
  evaluate();
}

void RoundRobin::evaluate() {
  const bool pendingDecided = count(pending_, Connectivity::kReady) > 0 ||
                              count(pending_, Connectivity::kTransientFailure) == pending_.size();
  if (!pending_.empty() && (pendingDecided || count(current_, Connectivity::kReady) == 0)) {
    current_ = std::exchange(pending_, {});
  }
  if (count(current_, Connectivity::kReady) > 0) {
    return host_.update(Connectivity::kReady);
  }
  host_.update(count(current_, Connectivity::kTransientFailure) == current_.size()
                   ? Connectivity::kTransientFailure
                   : Connectivity::kConnecting);
}

std::optional<SubchannelId> RoundRobin::pick() {
  auto at = current_.upper_bound(last_);
  for (std::size_t i = 0; i < current_.size(); ++i, ++at) {
    at = at == current_.end() ? current_.begin() : at;
    if (at->second == Connectivity::kReady) {
      last_ = at->first;
      return last_;
    }
  }
  return std::nullopt;
}

}  // namespace hitless::load
