#include "app/agent/loop.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

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
      timer_(parts.io) {}

void Loop::onServices(const watch::Update& update) {
  parts_.plane.applyServices(update);
  parts_.metrics.serviceChanges += update.changes.size();
  servicesSynced_ = true;  // The first update is a full one.
  if (!update.changes.empty() || update.kind == watch::Update::Kind::kFull) {
    want();
  }
}

void Loop::onSlices(const watch::Update& update) {
  parts_.plane.applySlices(update);
  parts_.metrics.endpointChanges += update.changes.size();
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

void Loop::resync() {
  parts_.plane.distrust();
  want();
}

nanoseconds Loop::backlog() const {
  return dirtySince_ ? parts_.clock.mono() - *dirtySince_ : nanoseconds{};
}

void Loop::want() {
  if (!dirtySince_) {
    dirtySince_ = parts_.clock.mono();
    parts_.metrics.lastQueued = parts_.clock.wall();
  }
  schedule();
}

void Loop::schedule() {
  if (scheduled_ || !dirtySince_ || !servicesSynced_ || !slicesSynced_ || !nodesSynced_) {
    return;
  }
  scheduled_ = true;
  const MonoTime now = parts_.clock.mono();
  // Even a wait of 0 lets everything that has arrived together be taken in first.
  timer_.expires_after(pacer_.earliest(now) - now);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      scheduled_ = false;
      sync();
    }
  });
}

void Loop::sync() {
  const std::uint64_t revision = seen_;
  const MonoTime begin = parts_.clock.mono();
  const Result<rules::SyncReceipt> receipt = parts_.plane.sync();
  parts_.metrics.syncSeconds.observe(parts_.clock.mono() - begin);
  if (!receipt) {
    ++parts_.metrics.syncFailures;
    pacer_.failed(parts_.clock.mono());
    spdlog::error("cannot program the service rules: {}", receipt.error().text());
    return schedule();
  }
  pacer_.succeeded(parts_.clock.mono());
  dirtySince_.reset();
  committed(*receipt, begin, revision);
}

void Loop::committed(const rules::SyncReceipt& receipt, MonoTime begin, std::uint64_t revision) {
  const bool full = receipt.mode == rules::SyncReceipt::Mode::kFull;
  const auto took = (parts_.clock.mono() - begin) / std::chrono::microseconds(1);
  AgentMetrics& metrics = parts_.metrics;
  metrics.lastSync = parts_.clock.wall();
  metrics.elementsWritten += receipt.dataplane.elements;
  ++(full ? metrics.fullSyncs : metrics.partialSyncs);
  for (const WallTime trigger : triggers_) {
    metrics.programmingSeconds.observe(std::max(nanoseconds{}, metrics.lastSync - trigger));
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
  acknowledge(revision);
  parts_.flows.clean(receipt.changed);
}

void Loop::acknowledge(std::uint64_t revision) {
  // A list after 410 may, on a server that lost its data, bring a lower revision: it is the truth
  // now.
  watermark_ = revision;
  parts_.metrics.watermark = revision;
  parts_.metrics.synced = true;
  acknowledge_(revision);
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
      triggers_.push_back(*time);
    }
  }
}

}  // namespace hitless::app
