#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/proxy/drain/machine.h"

namespace hitless::proxy {
namespace {

DrainSettings anySettings() {
  DrainSettings settings;
  settings.mode.kind = *rc::gen::element(DrainMode::Kind::kFixed, DrainMode::Kind::kZeroConnections,
                                         DrainMode::Kind::kRequests);
  settings.mode.duration = milliseconds(*rc::gen::inRange(0, 8000));
  if (*rc::gen::arbitrary<bool>()) {
    settings.grace = milliseconds(*rc::gen::inRange(0, 20'000));
  }
  settings.nativeSidecar = *rc::gen::arbitrary<bool>();
  return settings;
}

DrainObservation anyObservation() {
  DrainObservation seen;
  // Small numbers, so that 0 is drawn often.
  seen.activeRequests = *rc::gen::inRange<std::size_t>(0, 3);
  seen.activeConnections = *rc::gen::inRange<std::size_t>(0, 4);
  seen.noticedConnections = *rc::gen::inRange<std::size_t>(0, seen.activeConnections + 1);
  seen.unacknowledgedBytes = *rc::gen::inRange<std::uint64_t>(0, 2);
  seen.acceptQueueEmpty = *rc::gen::arbitrary<bool>();
  seen.removalAcknowledged = *rc::gen::arbitrary<bool>();
  seen.applicationGone = *rc::gen::element<std::optional<bool>>(std::nullopt, false, true);
  return seen;
}

bool nothingInFlight(const DrainObservation& seen) {
  return seen.activeRequests == 0 && seen.unacknowledgedBytes == 0 && seen.acceptQueueEmpty;
}

/// SIGTERM, an order, or nothing.
void disturb(DrainMachine& machine, MonoTime now) {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      machine.terminate(now, milliseconds(*rc::gen::inRange(0, 3000)));
      break;
    case 1:
      machine.order(now, {*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                          *rc::gen::arbitrary<bool>()});
      break;
    case 2:
      machine.setHealthy(*rc::gen::arbitrary<bool>());
      break;
    default:
      break;
  }
}

/// Whatever is seen and asked, in whatever order.
RC_GTEST_PROP(DrainMachineProperty, HoldsItsPromises, ()) {
  DrainMachine machine(anySettings());
  const bool requests = machine.settings().mode.kind == DrainMode::Kind::kRequests;
  MonoTime now{std::chrono::hours(1)};
  DrainActions before;
  DrainState stateBefore = DrainState::kLive;
  for (int i = 0; i < 40; ++i) {
    // Either something happens, or the time comes that the machine asked for.
    const nanoseconds pause = milliseconds(*rc::gen::inRange(0, 1500));
    now = before.next && *rc::gen::arbitrary<bool>() ? std::max(now, *before.next) : now + pause;
    disturb(machine, now);
    const DrainObservation seen = anyObservation();
    const DrainActions actions = machine.step(now, seen);

    RC_ASSERT(machine.state() >= stateBefore);
    RC_ASSERT(actions.exit == (machine.state() == DrainState::kExit));
    RC_ASSERT(!before.stopAccepting || actions.stopAccepting);
    RC_ASSERT(!before.exit || actions.exit);
    RC_ASSERT(!actions.cutRest || actions.exit);
    RC_ASSERT(!actions.exit || machine.terminated());
    RC_ASSERT(!actions.next || *actions.next > now);
    const auto deadline = machine.deadline();
    RC_ASSERT(!deadline || now < *deadline || actions.exit);
    if (requests && actions.exit && !before.exit && !(deadline && now >= *deadline)) {
      RC_ASSERT(nothingInFlight(seen));
      RC_ASSERT(!actions.cutRest);
    }
    before = actions;
    stateBefore = machine.state();
  }
}

/// Called at the times that it asks for and no others, it ends by its deadline.
RC_GTEST_PROP(DrainMachineProperty, EndsByItsDeadline, ()) {
  DrainSettings settings = anySettings();
  settings.mode = {};
  settings.grace = milliseconds(*rc::gen::inRange(0, 20'000));
  DrainMachine machine(settings);
  MonoTime now{std::chrono::hours(1)};
  machine.terminate(now);
  DrainObservation seen = anyObservation();
  seen.activeRequests = 1;
  DrainActions actions = machine.step(now, seen);
  for (int i = 0; !actions.exit; ++i) {
    RC_ASSERT(i < 20'000);
    RC_ASSERT(actions.next.has_value());
    now = std::max(now, *actions.next);
    actions = machine.step(now, seen);
  }
  RC_ASSERT(now == *machine.deadline());
  RC_ASSERT(actions.cutRest);
}

/// With nothing in flight and everybody told it ends, without being called at other times.
RC_GTEST_PROP(DrainMachineProperty, EndsWhenNothingIsInFlight, ()) {
  DrainSettings settings = anySettings();
  settings.mode = {};
  settings.grace.reset();
  DrainMachine machine(settings);
  MonoTime now{std::chrono::hours(1)};
  const MonoTime begin = now;
  machine.terminate(now);
  DrainObservation seen = anyObservation();
  seen.activeRequests = 0;
  seen.unacknowledgedBytes = 0;
  seen.acceptQueueEmpty = true;
  seen.applicationGone.reset();
  DrainActions actions = machine.step(now, seen);
  for (int i = 0; !actions.exit; ++i) {
    RC_ASSERT(i < 20);
    RC_ASSERT(actions.next.has_value());
    now = *actions.next;
    actions = machine.step(now, seen);
  }
  RC_ASSERT(now - begin <= settings.removalWait + seconds(1) + 2 * settings.quiet);
}

}  // namespace
}  // namespace hitless::proxy
