#include "core/load/channel/on_demand.h"

#include <algorithm>

namespace hitless::load {

void OnDemand::exitIdle() {
  if (!trying_ && !selected_) {
    trying_ = true;
    host_.update(Connectivity::kConnecting);
    host_.requestResolution();
  }
}

void OnDemand::onAddresses(const std::vector<Address>& addresses) {
  if (!trying_) {
    return;
  }
  ids_.clear();
  for (const Address& address : addresses) {
    ids_.push_back(host_.subchannel(address));
  }
  at_ = 0;
  drive();
}

void OnDemand::drive() {
  while (at_ < ids_.size() && host_.stateOf(ids_[at_]) == Connectivity::kTransientFailure) {
    ++at_;
  }
  if (at_ == ids_.size()) {
    return giveUp();
  }
  host_.connect(ids_[at_]);
}

void OnDemand::giveUp() {
  trying_ = false;
  ids_.clear();
  host_.update(Connectivity::kTransientFailure);
}

void OnDemand::onState(SubchannelId id) {
  const Connectivity state = host_.stateOf(id);
  if (selected_ == id && state != Connectivity::kReady) {
    selected_.reset();
    return host_.update(Connectivity::kIdle);
  }
  if (!trying_ || at_ >= ids_.size() || ids_[at_] != id) {
    return;
  }
  if (state == Connectivity::kReady) {
    selected_ = id;
    trying_ = false;
    ids_.clear();
    return host_.update(Connectivity::kReady);
  }
  drive();
}

bool OnDemand::uses(SubchannelId id) const {
  return selected_ == id || std::find(ids_.begin(), ids_.end(), id) != ids_.end();
}

}  // namespace hitless::load
