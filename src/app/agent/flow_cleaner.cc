#include "app/agent/flow_cleaner.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace hitless::app {
namespace {

constexpr nanoseconds kDelay = milliseconds(300);

}  // namespace

void FlowCleaner::clean(const std::vector<conntrack::Destination>& changed) {
  std::vector<conntrack::Destination> now;
  for (const conntrack::Destination& destination : changed) {
    if (destination.protocol == conntrack::kTcp) {
      later_.insert_or_assign({destination.protocol, destination.address, destination.port},
                              destination);
    } else {
      now.push_back(destination);
    }
  }
  remove(now);
  cleanLater();
}

void FlowCleaner::freeUntranslated(const std::set<Key>& services) {
  const auto flows = table_.dump();
  if (!flows) {
    spdlog::warn("cannot clean the connection table: {}", flows.error().text());
    return;
  }
  for (const conntrack::Flow& flow : *flows) {
    const auto& to = flow.original;
    if (!flow.translated() && !flow.seenReply() &&
        services.contains({to.protocol, to.destination, to.destinationPort}) &&
        table_.remove(flow)) {
      ++metrics_.staleFlowsDeleted.of(to.destination.family());
    }
  }
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
    std::vector<conntrack::Destination> due;
    for (const auto& [key, destination] : std::exchange(later_, {})) {
      due.push_back(destination);
    }
    remove(due);
  });
}

void FlowCleaner::remove(const std::vector<conntrack::Destination>& changed) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    std::vector<conntrack::Destination> ofFamily;
    std::copy_if(changed.begin(), changed.end(), std::back_inserter(ofFamily),
                 [&](const auto& destination) { return destination.address.family() == family; });
    if (!ofFamily.empty()) {
      remove(ofFamily, family);
    }
  }
}

void FlowCleaner::remove(const std::vector<conntrack::Destination>& changed, IpFamily family) {
  const MonoTime begin = clock_.mono();
  const Result<std::size_t> removed = conntrack::removeStaleFlows(table_, changed);
  if (removed) {
    metrics_.flowCleaningSeconds.of(family).observe(clock_.mono() - begin);
    metrics_.staleFlowsDeleted.of(family) += *removed;
  } else {
    spdlog::warn("cannot clean the connection table: {}", removed.error().text());
  }
}

}  // namespace hitless::app
