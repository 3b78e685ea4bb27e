#include "app/proxy/drainer.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace hitless::app {
namespace {

/// While a drain is under way: what ends is seen this late at most.
constexpr nanoseconds kLook = milliseconds(10);
/// What was cut gets this long to be written.
constexpr nanoseconds kLastWords = milliseconds(50);

}  // namespace

Drainer::Drainer(boost::asio::io_context& io, const Clock& clock, ProxyHost& host,
                 proxy::DrainSettings settings, std::function<void()> exit)
    : io_(io),
      clock_(clock),
      host_(host),
      machine_(std::move(settings)),
      exit_(std::move(exit)),
      timer_(io) {}

void Drainer::terminate(bool removed) {
  removed_ = removed_ || removed;
  spdlog::info("SIGTERM: draining, mode {}", text(machine_.settings().mode));
  machine_.terminate(clock_.mono());
  host_.tellLogs([](WorkerLog& log) { log.beginLedger(); });
  look();
}

void Drainer::handedOver() {
  host_.tell([](sys::Worker& worker) { worker.closeAcceptors(); });
  terminate(true);
}

void Drainer::order(const proxy::DrainOrder& order) {
  machine_.order(clock_.mono(), order);
  look();
}

void Drainer::quit() {
  machine_.quit();
  look();
}

void Drainer::setHealthy(bool healthy) {
  machine_.setHealthy(healthy);
  look();
}

void Drainer::look() {
  if (looking_ || left_) {
    return;
  }
  looking_ = true;
  host_.ask<sys::Worker::Activity>(
      [](sys::Worker& worker, WorkerLog&) { return worker.activity(); },
      [this](const std::vector<sys::Worker::Activity>& all) {
        looking_ = false;
        seen_ = {};
        seen_.removalAcknowledged = removed_;
        for (const sys::Worker::Activity& one : all) {
          seen_.activeRequests += one.requests + one.lively;
          seen_.activeConnections += one.connections;
          seen_.noticedConnections += one.noticed;
          seen_.unacknowledgedBytes += one.unacknowledged;
          seen_.acceptQueueEmpty = seen_.acceptQueueEmpty && one.acceptQueueEmpty;
        }
        act();
      });
}

void Drainer::act() {
  const proxy::DrainState before = machine_.state();
  actions_ = machine_.step(clock_.mono(), seen_);
  if (machine_.state() != before) {
    const proxy::DrainTransition& last = machine_.transitions().back();
    spdlog::info("drain: {} -> {} ({}); {} requests, {} connections", name(before), name(last.to),
                 name(last.event), seen_.activeRequests, seen_.activeConnections);
  }
  if (actions_.notice != noticed_) {
    noticed_ = actions_.notice;
    host_.tell([notice = noticed_](sys::Worker& worker) { worker.setNotice(notice); });
  }
  if (actions_.closeIdle) {
    host_.tell([quiet = *actions_.closeIdle](sys::Worker& worker) { worker.closeIdle(quiet); });
  }
  if (actions_.stopAccepting) {
    host_.tell([](sys::Worker& worker) { worker.stopAccepting(); });
  }
  if (actions_.exit) {
    return leave();
  }
  schedule();
}

void Drainer::schedule() {
  if (machine_.state() == proxy::DrainState::kLive && !actions_.next) {
    return;
  }
  const nanoseconds wait =
      actions_.next ? std::clamp(*actions_.next - clock_.mono(), nanoseconds::zero(), kLook)
                    : kLook;
  timer_.expires_after(wait);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      look();
    }
  });
}

/// In the legacy modes everything ends as it does when pilot-agent kills Envoy: without a word.
void Drainer::leave() {
  left_ = true;
  const bool says =
      actions_.cutRest && machine_.settings().mode.kind == proxy::DrainMode::Kind::kRequests;
  if (!says) {
    return exit_();
  }
  host_.tell([](sys::Worker& worker) { worker.cut(); });
  timer_.expires_after(kLastWords);
  timer_.async_wait([this](const boost::system::error_code&) { exit_(); });
}

}  // namespace hitless::app
