#include "app/agent/flow_cleaner.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace hitless::app {

void FlowCleaner::clean(std::vector<conntrack::Destination> changed) {
  const auto tcp = std::stable_partition(
      changed.begin(), changed.end(),
      [](const auto& destination) { return destination.protocol != conntrack::kTcp; });
  later_.insert(later_.end(), std::make_move_iterator(tcp), std::make_move_iterator(changed.end()));
  changed.erase(tcp, changed.end());
  remove(changed);
  cleanLater();
}

void FlowCleaner::cleanLater() {
  if (armed_ || later_.empty()) {
    return;
  }
  armed_ = true;
  timer_.expires_after(kDelay);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    armed_ = false;
    remove(std::exchange(later_, {}));
  });
}

void FlowCleaner::remove(const std::vector<conntrack::Destination>& changed) {
  const MonoTime begin = clock_.mono();
  const auto removed = conntrack::removeStaleFlows(table_, changed);
  if (!removed) {
    spdlog::warn("cannot clean the connection table: {}", removed.error().text());
    return;
  }
  const nanoseconds duration = clock_.mono() - begin;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    if (std::any_of(changed.begin(), changed.end(), [&](const auto& destination) {
          return destination.address.family() == family;
        })) {
      metrics_.flowCleaningSeconds.of(family).observe(duration);
    }
  }
  for (const conntrack::Flow& flow : *removed) {
    ++metrics_.staleFlowsDeleted.of(flow.original.destination.family());
  }
  if (!removed->empty()) {
    onCleaned(removed->size());
  }
}

}  // namespace hitless::app
