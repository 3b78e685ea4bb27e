#include "app/agent/loop.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "core/service/labels.h"

namespace hitless::app {
namespace {

/// When the pod or Service changed that made the controller write the slice.
constexpr std::string_view kTriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

}  // namespace

Loop::Loop(Parts parts, std::string node, nanoseconds minSyncPeriod, Acknowledge acknowledge)
    : parts_(parts),
      node_(std::move(node)),
      pacer_(minSyncPeriod),
      acknowledge_(std::move(acknowledge)),
      timer_(parts.io),
      departures_(parts.io) {}

void Loop::onServices(const watch::Update& update) {
  parts_.plane.applyServices(update);
  parts_.metrics.serviceChanges += update.changes.size();
  parts_.metrics.serviceChangesPending += update.changes.size();
  servicesSynced_ = true;  // The first update is a full one.
  if (!update.changes.empty() || update.kind == watch::Update::Kind::kFull) {
    want();
  }
}

void Loop::onSlices(const watch::Update& update) {
  parts_.plane.applySlices(update);
  parts_.metrics.endpointChanges += update.changes.size();
  parts_.metrics.endpointChangesPending += update.changes.size();
  slicesSynced_ = true;
  seen_ = update.revision;
  noteTriggers(update);
  if (!update.changes.empty() || update.kind == watch::Update::Kind::kFull) {
    want();
  } else if (!dirtySince_ && committed_) {
    acknowledge(seen_);  // A bookmark: nothing changed up to here.
  }
}

void Loop::onNodes(const watch::Update& update) {
  const bool matters = parts_.plane.applyNodes(update);
  nodesSynced_ = true;
  if (matters || dirtySince_) {
    want();
  }
}

void Loop::onServiceCidrs(const watch::Update& update) {
  const bool matters = parts_.plane.applyServiceCidrs(update);
  serviceCidrsSynced_ = true;
  if (matters || dirtySince_) {
    want();
  }
}

void Loop::onPods(const watch::Update& update) {
  if (parts_.plane.applyPods(update)) {
    want();
  }
}

void Loop::onAddresses(std::vector<IpAddress> addresses) {
  if (parts_.plane.applyAddresses(std::move(addresses))) {
    want();
  }
}

void Loop::resync() {
  parts_.plane.distrust();
  healing_ = committed_;  // Before the first commit there is nothing of ours to repair.
  pacer_.hurry(parts_.clock.mono());
  want();
  if (scheduled_) {
    arm();  // It may have been set to wait for the end of the sync period.
  }
}

nanoseconds Loop::backlog() const {
  return dirtySince_ && listed() ? parts_.clock.mono() - *dirtySince_ : nanoseconds{};
}

void Loop::want() {
  if (!dirtySince_) {
    dirtySince_ = parts_.clock.mono();
    parts_.metrics.lastQueued = parts_.clock.wall();
  }
  schedule();
}

void Loop::schedule() {
  if (!scheduled_ && dirtySince_ && listed()) {
    scheduled_ = true;
    arm();
  }
}

void Loop::arm() {
  const MonoTime now = parts_.clock.mono();
  // Even a wait of 0 lets everything that has arrived together be taken in first.
  timer_.expires_after(pacer_.earliest(now) - now);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && std::exchange(scheduled_, false)) {
      sync();
    }
  });
}

void Loop::sync() {
  const std::uint64_t revision = seen_;
  parts_.first();
  const MonoTime begin = parts_.clock.mono();
  Result<rules::SyncReceipt> receipt = parts_.plane.sync(begin);
  if (!receipt) {
    ++parts_.metrics.syncFailures;
    parts_.metrics.syncSeconds.observe(parts_.clock.mono() - begin);
    pacer_.failed(parts_.clock.mono());
    spdlog::error("cannot program the service rules: {}", receipt.error().text());
    return schedule();
  }
  pacer_.succeeded(parts_.clock.mono());
  dirtySince_.reset();
  awaitDepartures();
  committed(std::move(*receipt), begin, revision);
}

void Loop::awaitDepartures() {
  const auto deadline = parts_.plane.deadline();
  if (!deadline) {
    departures_.cancel();
    return;
  }
  departures_.expires_after(std::max(nanoseconds{}, *deadline - parts_.clock.mono()));
  departures_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      want();
    }
  });
}

void Loop::committed(rules::SyncReceipt receipt, MonoTime begin, std::uint64_t revision) {
  const bool full = receipt.mode == rules::SyncReceipt::Mode::kFull;
  const nanoseconds duration = parts_.clock.mono() - begin;
  const auto took = duration / std::chrono::microseconds(1);
  AgentMetrics& metrics = parts_.metrics;
  count(receipt, duration);
  if (std::exchange(healing_, false) && receipt.dataplane.operations > 0) {
    ++metrics.heals;
    spdlog::warn("restored the service rules: {} operations, {} elements in {} us",
                 receipt.dataplane.operations, receipt.dataplane.elements, took);
  }
  for (const Trigger& trigger : triggers_) {
    const nanoseconds taken = std::max(nanoseconds{}, metrics.lastSync - trigger.time);
    metrics.programmingSeconds.of(trigger.family).observe(taken);
    if (trigger.headless) {
      metrics.dnsProgrammingSeconds.observe(taken);
    }
  }
  triggers_.clear();
  committed_ = true;
  timeline::Event event;
  event.time = metrics.lastSync;
  event.what = timeline::What::kRulesCommitted;
  event.node = node_;
  event.revision = revision;
  event.detail =
      fmt::format("{} elements in {} us{}", receipt.dataplane.elements, took, full ? ", full" : "");
  parts_.timeline.record(event);
  parts_.flows.clean(std::move(receipt.changed));
  acknowledge(revision);
}

void Loop::count(const rules::SyncReceipt& receipt, nanoseconds duration) {
  const bool full = receipt.mode == rules::SyncReceipt::Mode::kFull;
  AgentMetrics& metrics = parts_.metrics;
  metrics.lastSync = parts_.clock.wall();
  metrics.syncSeconds.observe(duration);
  (full ? metrics.fullSyncSeconds : metrics.partialSyncSeconds).observe(duration);
  ++(full ? metrics.fullSyncs : metrics.partialSyncs);
  metrics.generation += receipt.dataplane.operations > 0 ? 1 : 0;
  metrics.elementsWritten += receipt.dataplane.elements;
  metrics.endpointChangesPending = 0;
  metrics.serviceChangesPending = 0;
}

/// Only when nothing can go on to an endpoint that went: connection tracking would lead UDP there.
void Loop::acknowledge(std::uint64_t revision) {
  parts_.flows.whenClean([this, revision] {
    // A list after 410 may, on a server that lost its data, bring a lower revision: it is the truth
    // now.
    watermark_ = revision;
    parts_.metrics.watermark = revision;
    parts_.metrics.synced = true;
    acknowledge_(revision);
  });
}

void Loop::noteTriggers(const watch::Update& slices) {
  // A list tells of changes of long ago, a deletion of none.
  if (slices.kind == watch::Update::Kind::kFull) {
    return;
  }
  for (const watch::Change& change : slices.changes) {
    const auto time =
        parseTime(kube::text(*change.object, {"metadata", "annotations", kTriggerTime}));
    if (time && change.type == watch::ChangeType::kUpsert) {
      const bool v6 = kube::text(*change.object, {"addressType"}) == "IPv6";
      const bool headless =
          kube::find(*change.object, {"metadata", "labels", service::kHeadlessLabel}) != nullptr;
      triggers_.push_back({v6 ? IpFamily::kV6 : IpFamily::kV4, *time, headless});
    }
  }
}

}  // namespace hitless::app
