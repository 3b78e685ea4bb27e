#include "core/load/channel/pick_first.h"

#include <algorithm>
#include <utility>

namespace hitless::load {

void PickFirst::onAddresses(const std::vector<Address>& addresses) {
  latest_ = addresses;
  if (!idle_) {
    attempt();
  }
}

void PickFirst::exitIdle() {
  if (std::exchange(idle_, false)) {
    attempt();
  }
}

void PickFirst::attempt() {
  if (latest_.empty()) {
    current_ = pending_ = {};
    selected_.reset();
    host_.requestResolution();
    return host_.update(Connectivity::kTransientFailure);
  }
  Tries tries;
  for (const Address& address : latest_) {
    tries.ids.push_back(host_.subchannel(address));
  }
  pending_ = {};
  if (!selected_) {
    current_ = std::move(tries);
    return drive(current_);
  }
  if (std::find(tries.ids.begin(), tries.ids.end(), *selected_) == tries.ids.end()) {
    pending_ = std::move(tries);
    drive(pending_);
  }
}

/// Goes on until something has to be waited for.
void PickFirst::drive(Tries& tries) {
  while (true) {
    const SubchannelId id = tries.ids[tries.at];
    const Connectivity state = host_.stateOf(id);
    if (state == Connectivity::kReady) {
      return select(id);
    }
    if (state != Connectivity::kTransientFailure) {
      host_.connect(id);
      if (&tries == &current_ && !tries.failed) {
        host_.update(Connectivity::kConnecting);
      }
      return;
    }
    if (!advance(tries)) {
      return;
    }
  }
}

bool PickFirst::advance(Tries& tries) {
  tries.at = (tries.at + 1) % tries.ids.size();
  if (tries.at != 0) {
    return true;
  }
  tries.failed = true;
  host_.requestResolution();
  if (&tries == &current_) {
    host_.update(Connectivity::kTransientFailure);
  }
  return host_.stateOf(tries.ids[0]) != Connectivity::kTransientFailure;
}

void PickFirst::select(SubchannelId id) {
  selected_ = id;
  current_ = {{id}, 0, false};
  pending_ = {};
  host_.update(Connectivity::kReady);
}

void PickFirst::loseSelected() {
  selected_.reset();
  current_ = std::exchange(pending_, {});
  if (current_.ids.empty()) {
    idle_ = true;
    host_.requestResolution();
    return host_.update(Connectivity::kIdle);
  }
  host_.update(current_.failed ? Connectivity::kTransientFailure : Connectivity::kConnecting);
}

void PickFirst::onState(SubchannelId id) {
  if (selected_ == id) {
    return host_.stateOf(id) == Connectivity::kReady ? void() : loseSelected();
  }
  for (Tries* tries : {&current_, &pending_}) {
    if (!tries->ids.empty() && tries->ids[tries->at] == id) {
      return drive(*tries);
    }
  }
}

bool PickFirst::uses(SubchannelId id) const {
  const auto in = [id](const Tries& tries) {
    return std::find(tries.ids.begin(), tries.ids.end(), id) != tries.ids.end();
  };
  return in(current_) || in(pending_);
}

}  // namespace hitless::load
