#include "core/drain/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace hitless::drain {
namespace {

constexpr std::int64_t kDefaultGrace = 30;  ///< seconds; core/v1 terminationGracePeriodSeconds

}  // namespace

nanoseconds graceOf(const kube::Pod& pod) {
  return seconds(
      std::max<std::int64_t>(0, pod.meta.deletionGracePeriodSeconds.value_or(kDefaultGrace)));
}

nanoseconds gateBudget(nanoseconds grace, const GateOptions& options) {
  const auto rest = nanoseconds(
      static_cast<std::int64_t>(static_cast<double>(grace.count()) * (1 - options.share)));
  return std::max(grace / 2, grace - std::max(rest, options.reserve));
}

void Gate::applyPods(const watch::Update& pods) {
  pods_.apply(pods);
  if (pods.changes.empty()) {
    return;
  }
  const std::set<std::string> uids = pods_.uids();
  const auto gone = [&](const auto& entry) { return !uids.contains(entry.first); };
  std::erase_if(verdicts_, gone);
  std::erase_if(said_, gone);
  std::erase_if(selected_, [&](const std::string& uid) { return !uids.contains(uid); });
  for (const watch::Change& change : pods.changes) {
    const kube::Pod* pod = pods_.find(kube::metaOf(*change.object).key());
    if (pod != nullptr && pod->ready() && selection_.selects(*pod)) {
      selected_.insert(pod->meta.uid);
    }
  }
  if (removal_.synced()) {
    removal_.retain(uids, clock_->mono());
  }
}

void Gate::applyServices(const watch::Update& services) {
  selection_.apply(services);
  for (const kube::Pod& pod : pods_.selectedBy(selection_, services)) {
    selected_.insert(pod.meta.uid);
  }
}

void Gate::peerAnswered(const std::string& node, std::uint64_t watermark) {
  peers_.answered(node, watermark, clock_->mono());
}

void Gate::peerFailed(const std::string& node) {
  peers_.failed(node, clock_->mono());
}

Gate::Ticket Gate::hold(const PodRef& ref) {
  const auto [wait, fresh] = waits_.try_emplace(ref);
  if (fresh) {
    wait->second.since = clock_->mono();
  }
  wait->second.tickets.push_back(++lastTicket_);
  return lastTicket_;
}

void Gate::drop(Ticket ticket) {
  for (auto wait = waits_.begin(); wait != waits_.end(); ++wait) {
    if (std::erase(wait->second.tickets, ticket) > 0) {
      if (wait->second.tickets.empty()) {
        waits_.erase(wait);
      }
      return;
    }
  }
}

Gate::Position Gate::waiting(GateState state, MonoTime until, GateReason reason,
                             std::vector<std::string> missing, std::uint64_t revision) const {
  Position position{
      state, until, {reason, revision, {}, std::move(missing), peers_.live(), {}, {}, {}}};
  if (clock_->mono() >= until) {
    position.state = GateState::kPassed;
  }
  return position;
}

Gate::Position Gate::passed(GateReason reason, std::uint64_t revision) const {
  return {GateState::kPassed, {}, {reason, revision, {}, {}, peers_.live(), {}, {}, {}}};
}

Gate::Position Gate::locate(const PodRef& ref, const Wait& wait) const {
  const kube::Pod* pod = pods_.find(ref);
  if (pod == nullptr) {
    const nanoseconds bound = pods_.synced() ? options_.unknownWait : options_.syncWait;
    return waiting(GateState::kLookingUp, wait.since + bound, GateReason::kUnknownPod, {}, 0);
  }
  if (!pod->meta.terminating()) {
    return waiting(GateState::kAwaitingDeletion, wait.since + options_.deletionWait,
                   GateReason::kNotDeleted, {}, 0);
  }
  if (const auto earlier = verdicts_.find(pod->meta.uid); earlier != verdicts_.end()) {
    return {GateState::kPassed, {}, earlier->second};
  }
  return locateDeleted(*pod, wait);
}

Gate::Position Gate::locateDeleted(const kube::Pod& pod, const Wait& wait) const {
  const MonoTime deadline = wait.since + gateBudget(graceOf(pod), options_);
  if (!removal_.synced() || !selection_.synced()) {
    return waiting(GateState::kAwaitingSlices, std::min(deadline, wait.since + options_.syncWait),
                   GateReason::kSlicesNotWritten, {"all (this node's watch has not synced)"}, 0);
  }
  const Standing standing = removal_.standing(pod.meta.uid);
  if (!standing.pending.empty()) {
    return waiting(GateState::kAwaitingSlices, deadline, GateReason::kSlicesNotWritten,
                   {standing.pending}, 0);
  }
  if (!standing.held) {
    // A pod that was ready and selected is about to be in a slice, maybe with the removal at once;
    // one that its slice dropped and that still is moves to another slice.
    const bool expected =
        standing.listed ? pod.ready() && selection_.selects(pod) : selected_.contains(pod.meta.uid);
    const MonoTime until = std::min(deadline, wait.since + options_.sliceWait);
    if (expected && clock_->mono() < until) {
      return waiting(GateState::kAwaitingSlices, until, GateReason::kSlicesNotWritten, {}, 0);
    }
    if (expected || !standing.listed) {
      return passed(expected ? GateReason::kSlicesNotWritten : GateReason::kNoEndpoints);
    }
  }
  if (peers_.acknowledged(standing.revision)) {
    return passed(GateReason::kAcknowledged, standing.revision);
  }
  // Who is missing is told when the time is used up (announce() asks by itself): there may be
  // thousands, and this is asked at each answer of each of them.
  std::vector<std::string> behind;
  if (clock_->mono() >= deadline) {
    behind = peers_.behind(standing.revision);
  }
  return waiting(GateState::kAwaitingNodes, deadline, GateReason::kNodesMissing, std::move(behind),
                 standing.revision);
}

void Gate::askPeers(Effects& effects) {
  // The smallest revision first: its answer comes soonest, and a node has one question at a time.
  std::set<std::uint64_t> revisions;
  for (const auto& [ref, wait] : waits_) {
    if (wait.state == GateState::kAwaitingNodes) {
      revisions.insert(wait.revision);
    }
  }
  for (const std::uint64_t revision : revisions) {
    std::vector<Ask> asks = peers_.ask(revision, clock_->mono());
    effects.asks.insert(effects.asks.end(), asks.begin(), asks.end());
  }
  if (!revisions.empty()) {
    if (const auto retry = peers_.nextRetry(*revisions.rbegin())) {
      effects.next = std::min(effects.next.value_or(*retry), *retry);
    }
  }
}

Gate::Effects Gate::step() {
  Effects effects;
  for (auto wait = waits_.begin(); wait != waits_.end();) {
    wait = settle(wait->first, wait->second, effects) ? waits_.erase(wait) : std::next(wait);
  }
  askPeers(effects);
  return effects;
}

}  // namespace hitless::drain
