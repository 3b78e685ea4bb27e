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
  if (!changed.empty()) {
    ++running_;
    remove(std::move(changed), [this] { --running_; });
  }
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
    remove(std::exchange(later_, {}), [] {});
  });
}

void FlowCleaner::whenClean(std::function<void()> then) {
  if (running_ == 0) {
    return then();
  }
  ++running_;  // The worker keeps the order.
  worker_.run([](conntrack::FlowTable&) { return true; },
              [this, then = std::move(then)](bool) {
                --running_;
                then();
              });
}

void FlowCleaner::remove(std::vector<conntrack::Destination> changed, std::function<void()> done) {
  worker_.run(
      [changed, &clock = clock_](conntrack::FlowTable& table) {
        const MonoTime begin = clock.mono();
        auto removed = conntrack::removeStaleFlows(table, changed);
        return std::pair{std::move(removed), clock.mono() - begin};
      },
      [this, changed, done = std::move(done)](const auto& result) {
        done();
        const auto& [removed, duration] = result;
        if (!removed) {
          spdlog::warn("cannot clean the connection table: {}", removed.error().text());
          return;
        }
        observe(changed, duration);
        for (const conntrack::Flow& flow : *removed) {
          ++metrics_.staleFlowsDeleted.of(flow.original.destination.family());
        }
        if (!removed->empty()) {
          onCleaned(removed->size());
        }
      });
}

void FlowCleaner::observe(const std::vector<conntrack::Destination>& changed,
                          nanoseconds duration) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    if (std::any_of(changed.begin(), changed.end(), [&](const auto& destination) {
          return destination.address.family() == family;
        })) {
      metrics_.flowCleaningSeconds.of(family).observe(duration);
    }
  }
}

}  // namespace hitless::app
