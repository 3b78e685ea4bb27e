#include "core/proxy/drain/machine.h"

#include <algorithm>

namespace hitless::proxy {
namespace {

using enum DrainState;
using enum DrainEvent;
using Kind = DrainMode::Kind;

/// A client that has not answered the PING by then may hang; the rest need not wait for it.
constexpr nanoseconds kNoticeWait = seconds(1);
/// pilot-agent's activeConnectionCheckDelay.
constexpr nanoseconds kConnectionPoll = seconds(1);
/// What says nothing when it changes is looked at so often: unacknowledged bytes, the accept queue.
constexpr nanoseconds kRecheck = milliseconds(20);
/// kubelet's minimumGracePeriodInSeconds: what is left after preStop hooks at least.
constexpr nanoseconds kLeastGrace = seconds(2);

constexpr unsigned bit(Kind kind) {
  return 1U << static_cast<unsigned>(kind);
}
constexpr unsigned kFixed = bit(Kind::kFixed);
constexpr unsigned kConnections = bit(Kind::kZeroConnections);
constexpr unsigned kRequests = bit(Kind::kRequests);
constexpr unsigned kLegacy = kFixed | kConnections;
constexpr unsigned kEvery = kLegacy | kRequests;

struct Row {
  unsigned modes;
  DrainState from;  ///< And earlier ones down to `downTo`.
  DrainState downTo;
  DrainEvent event;
  DrainState to;
  bool cuts = false;  ///< On the way to EXIT: what is in flight, if anything.
};

/// The first row that fits is taken, then the next, until none does.
constexpr Row kRows[] = {
    {kEvery, kFinal, kLive, kQuitOrdered, kExit, true},
    {kRequests, kFinal, kLive, kDeadline, kExit, true},

    {kRequests, kNotify, kLive, kApplicationGone, kFinal},
    {kRequests, kLameDuck, kLive, kNotifyOrdered, kNotify},
    {kRequests, kLive, kLive, kTerminated, kLameDuck},
    {kRequests, kLive, kLive, kDrainOrdered, kLameDuck},
    {kRequests, kLameDuck, kLameDuck, kRemovalAcknowledged, kNotify},
    {kRequests, kLameDuck, kLameDuck, kRemovalOverdue, kNotify},
    {kRequests, kNotify, kNotify, kAllNoticed, kFinal},
    {kRequests, kNotify, kNotify, kNoticeOverdue, kFinal},
    {kRequests, kFinal, kFinal, kNothingInFlight, kExit},

    {kLegacy, kFinal, kLive, kTerminatedAfterOrder, kExit, true},
    {kLegacy, kLive, kLive, kTerminated, kNotify},
    {kLegacy, kLive, kLive, kNotifyOrdered, kNotify},
    {kLegacy, kLive, kLive, kDrainOrdered, kNotify},
    {kFixed, kNotify, kNotify, kWaitOver, kExit, true},
    {kConnections, kNotify, kNotify, kWaitOver, kFinal},
    {kConnections, kFinal, kFinal, kNoConnections, kExit},
};

bool calm(const DrainObservation& seen) {
  return seen.activeRequests == 0 && seen.unacknowledgedBytes == 0 && seen.acceptQueueEmpty;
}

}  // namespace

std::string_view name(DrainState state) {
  constexpr std::string_view kNames[] = {"LIVE", "LAMEDUCK", "NOTIFY", "FINAL", "EXIT"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view name(DrainEvent event) {
  constexpr std::string_view kNames[] = {"SIGTERM",
                                         "SIGTERM after an order to drain",
                                         "ordered to drain",
                                         "ordered to drain listeners",
                                         "ordered to quit",
                                         "removal acknowledged",
                                         "removal not acknowledged in time",
                                         "application gone",
                                         "all clients told",
                                         "a client does not answer",
                                         "wait over",
                                         "no connections",
                                         "nothing in flight",
                                         "grace period used up"};
  return kNames[static_cast<std::size_t>(event)];
}

void DrainMachine::terminate(MonoTime now, nanoseconds spent) {
  if (terminated_) {
    return;
  }
  terminated_ = now;
  if (settings_.mode.kind != Kind::kRequests || !settings_.grace) {
    return;
  }
  const nanoseconds grace = *settings_.grace;
  if (ordered_ && now - *ordered_ < grace) {
    spent = std::max<nanoseconds>(spent, now - *ordered_);
  }
  const nanoseconds left = std::max(grace - spent, std::min(grace, kLeastGrace));
  deadline_ = now + std::max(left - settings_.reserve, nanoseconds(0));
}

void DrainMachine::order(MonoTime now, DrainOrder order) {
  ordered_ = ordered_.value_or(now);
  waitForRemoval_ = waitForRemoval_ || order.waitForRemoval;
  notifyOrdered_ = notifyOrdered_ || !order.waitForRemoval;
  stopNow_ = stopNow_ || !order.graceful;
  stopWhenCalm_ = stopWhenCalm_ || !order.skipExit;
}

void DrainMachine::quit() {
  quit_ = true;
}

bool DrainMachine::applicationGone(const DrainObservation& seen) const {
  return terminated_ && seen.applicationGone.value_or(settings_.nativeSidecar);
}

bool DrainMachine::nothingInFlight(MonoTime now, const DrainObservation& seen) const {
  if (!calm(seen)) {
    return false;
  }
  if (applicationGone(seen)) {
    return true;
  }
  if (seen.applicationGone.has_value()) {  // it is there, and may call out
    return false;
  }
  return seen.activeConnections == 0 ||
         (now - *calmSince_ >= settings_.quiet && now - notifySince_ >= 2 * settings_.quiet);
}

bool DrainMachine::holds(DrainEvent event, MonoTime now, const DrainObservation& seen) const {
  switch (event) {
    case kTerminated:
      return terminated_.has_value();
    case kTerminatedAfterOrder:
      return terminated_ && ordered_;
    case kDrainOrdered:
      return waitForRemoval_;
    case kNotifyOrdered:
      return notifyOrdered_;
    case kQuitOrdered:
      return quit_;
    case kRemovalAcknowledged:
      return seen.removalAcknowledged;
    case kRemovalOverdue:
      return now - since_ >= settings_.removalWait;
    case kApplicationGone:
      return applicationGone(seen);
    case kAllNoticed:
      return seen.noticedConnections >= seen.activeConnections;
    case kNoticeOverdue:
      return now - since_ >= kNoticeWait;
    case kWaitOver:
      return terminated_ && now - *terminated_ >= settings_.mode.duration;
    case kNoConnections:
      return polls_ && seen.activeConnections == 0;
    case kNothingInFlight:
      return terminated_ && nothingInFlight(now, seen);
    case kDeadline:
      return deadline_ && now >= *deadline_;
  }
  return false;
}

void DrainMachine::enter(DrainState state, DrainEvent event, MonoTime now) {
  if (state_ < kNotify && state >= kNotify) {
    notifySince_ = now;
  }
  state_ = state;
  since_ = now;
  nextPoll_ = now + kConnectionPoll;
  polls_ = false;
  transitions_.push_back({state, event, now});
}

void DrainMachine::watchCalm(MonoTime now, const DrainObservation& seen) {
  if (!calm(seen)) {
    calmSince_.reset();
  } else if (!calmSince_) {
    calmSince_ = now;
  }
}

void DrainMachine::watchPolls(MonoTime now) {
  polls_ = state_ == kFinal && now >= nextPoll_;
  if (polls_) {
    nextPoll_ = now + kConnectionPoll;
  }
}

DrainActions DrainMachine::step(MonoTime now, const DrainObservation& seen) {
  watchCalm(now, seen);
  watchPolls(now);
  const auto fits = [&](const Row& row) {
    return (row.modes & bit(settings_.mode.kind)) != 0 && row.downTo <= state_ &&
           state_ <= row.from && holds(row.event, now, seen);
  };
  for (const Row* row = std::begin(kRows); row != std::end(kRows);) {
    if (!fits(*row)) {
      ++row;
      continue;
    }
    cut_ = cut_ || row->cuts;
    enter(row->to, row->event, now);
    row = std::begin(kRows);
  }
  stopNow_ = stopNow_ || (stopWhenCalm_ && !terminated_ && state_ == kFinal && calm(seen));
  return actions(now, seen);
}

DrainActions DrainMachine::actions(MonoTime now, const DrainObservation& seen) const {
  DrainActions actions;
  const bool requests = settings_.mode.kind == Kind::kRequests;
  // As in Istio, an order to drain alone leaves readiness as it is in the other modes.
  actions.failReadiness = !healthy_ || terminated_ || (requests && state_ != kLive);
  if (requests && state_ >= kNotify) {
    actions.notice = Notice::kAll;
    actions.closeIdle = settings_.quiet;
  } else if (!healthy_ || state_ >= kNotify) {
    actions.notice = Notice::kWithResponses;
  }
  actions.stopAccepting = stopNow_ || state_ == kExit;
  actions.cutRest = cut_;
  actions.exit = state_ == kExit;
  actions.next = nextTime(now, seen);
  return actions;
}

std::optional<MonoTime> DrainMachine::nextTime(MonoTime now, const DrainObservation& seen) const {
  if (state_ == kExit) {
    return std::nullopt;
  }
  std::optional<MonoTime> next = deadline_;
  const auto add = [&](MonoTime time) { next = std::min(next.value_or(time), time); };
  const bool requests = settings_.mode.kind == Kind::kRequests;
  if (state_ == kLameDuck) {
    add(since_ + settings_.removalWait);
  } else if (state_ == kNotify && requests) {
    add(since_ + kNoticeWait);
  } else if (state_ == kNotify && terminated_) {
    add(*terminated_ + settings_.mode.duration);
  } else if (state_ == kFinal && !requests) {
    add(nextPoll_);
  } else if (state_ == kFinal && calmSince_ && terminated_ && !seen.applicationGone) {
    add(std::max(*calmSince_ + settings_.quiet, notifySince_ + 2 * settings_.quiet));
  } else if (state_ == kFinal && seen.activeRequests == 0 &&
             (terminated_ || (stopWhenCalm_ && !stopNow_))) {
    add(now + kRecheck);
  }
  return next;
}

}  // namespace hitless::proxy
