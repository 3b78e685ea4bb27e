#include "core/proxy/drain/machine.h"

#include <gtest/gtest.h>

namespace hitless::proxy {
namespace {

using Kind = DrainMode::Kind;

constexpr MonoTime kStart{std::chrono::hours(1)};

MonoTime at(milliseconds time) {
  return kStart + time;
}

/// Idle clients: connections, and none of them told yet.
DrainObservation connections(std::size_t count, std::size_t noticed = 0) {
  DrainObservation seen;
  seen.activeConnections = count;
  seen.noticedConnections = noticed;
  seen.removalAcknowledged = true;
  return seen;
}

DrainObservation busy(std::size_t requests) {
  DrainObservation seen = connections(requests + 1, requests + 1);
  seen.activeRequests = requests;
  return seen;
}

DrainSettings requests(std::optional<nanoseconds> grace = std::nullopt) {
  DrainSettings settings;
  settings.grace = grace;
  return settings;
}

TEST(DrainMachine, LivesUntilToldOtherwise) {
  DrainMachine machine(requests(seconds(30)));
  EXPECT_EQ(machine.step(at(milliseconds(0)), busy(3)), DrainActions{});
  EXPECT_EQ(machine.state(), DrainState::kLive);
}

TEST(DrainMachine, TellsNobodyBeforeTheRemovalIsAcknowledged) {
  DrainMachine machine(requests());
  DrainObservation seen = busy(1);
  seen.removalAcknowledged = false;
  machine.terminate(kStart);
  const DrainActions waiting = machine.step(kStart, seen);
  EXPECT_EQ(machine.state(), DrainState::kLameDuck);
  EXPECT_TRUE(waiting.failReadiness);
  EXPECT_EQ(waiting.notice, Notice::kNone);
  EXPECT_FALSE(waiting.closeIdle);
  EXPECT_FALSE(waiting.stopAccepting);
  EXPECT_EQ(waiting.next, kStart + seconds(5));

  seen.removalAcknowledged = true;
  const DrainActions told = machine.step(at(milliseconds(40)), seen);
  EXPECT_EQ(told.notice, Notice::kAll);
  EXPECT_EQ(told.closeIdle, milliseconds(100));
  EXPECT_FALSE(told.stopAccepting);
}

TEST(DrainMachine, WaitsForTheRemovalNoLongerThanSaid) {
  DrainMachine machine(requests());
  DrainObservation seen = busy(1);
  seen.removalAcknowledged = false;
  machine.terminate(kStart);
  machine.step(kStart, seen);
  machine.step(at(milliseconds(4999)), seen);
  EXPECT_EQ(machine.state(), DrainState::kLameDuck);
  EXPECT_EQ(machine.step(at(seconds(5)), seen).notice, Notice::kAll);
  EXPECT_EQ(machine.transitions()[1].event, DrainEvent::kRemovalOverdue);
}

TEST(DrainMachine, EndsWithTheLastRequestAlthoughIdleConnectionsAreThere) {
  DrainMachine machine(requests(seconds(30)));
  machine.terminate(kStart);
  EXPECT_FALSE(machine.step(kStart, busy(2)).exit);
  EXPECT_FALSE(machine.step(at(seconds(9)), busy(1)).exit);
  const DrainActions calm = machine.step(at(seconds(10)), connections(4, 4));
  EXPECT_FALSE(calm.exit) << "what is on its way to an idle connection would be lost";
  EXPECT_EQ(calm.next, at(milliseconds(10'100)));
  const DrainActions end = machine.step(*calm.next, connections(4, 4));
  EXPECT_TRUE(end.exit);
  EXPECT_FALSE(end.cutRest);
}

TEST(DrainMachine, IdleConnectionsAreClosedBeforeTheEnd) {
  DrainMachine machine(requests());
  machine.step(kStart - seconds(60), connections(4));
  machine.terminate(kStart);
  // They are closed after 100 ms; what crosses that is answered for as long again.
  EXPECT_EQ(machine.step(kStart, connections(4, 4)).next, at(milliseconds(200)));
  EXPECT_FALSE(machine.step(at(milliseconds(199)), connections(4, 4)).exit);
  EXPECT_TRUE(machine.step(at(milliseconds(200)), connections(4, 4)).exit);
}

TEST(DrainMachine, EndsAtOnceWithoutConnections) {
  DrainMachine machine(requests(seconds(30)));
  machine.terminate(kStart);
  EXPECT_TRUE(machine.step(kStart, connections(0)).exit);
  EXPECT_EQ(machine.state(), DrainState::kExit);
}

TEST(DrainMachine, WaitsForWhatTheKernelStillHas) {
  DrainMachine machine(requests());
  machine.terminate(kStart);
  DrainObservation seen = connections(0);
  seen.unacknowledgedBytes = 1;
  EXPECT_FALSE(machine.step(kStart, seen).exit);
  seen.unacknowledgedBytes = 0;
  seen.acceptQueueEmpty = false;
  const DrainActions queued = machine.step(at(milliseconds(20)), seen);
  EXPECT_FALSE(queued.exit);
  EXPECT_EQ(queued.next, at(milliseconds(40))) << "neither is told by an event";
  seen.acceptQueueEmpty = true;
  EXPECT_TRUE(machine.step(at(milliseconds(40)), seen).exit);
}

TEST(DrainMachine, ARequestThatCrossesTheNoticeStartsTheWaitAgain) {
  DrainMachine machine(requests());
  machine.terminate(kStart);
  machine.step(kStart, connections(2, 2));
  machine.step(at(milliseconds(150)), busy(1));
  EXPECT_FALSE(machine.step(at(milliseconds(300)), connections(2, 2)).exit);
  EXPECT_FALSE(machine.step(at(milliseconds(399)), connections(2, 2)).exit);
  EXPECT_TRUE(machine.step(at(milliseconds(400)), connections(2, 2)).exit);
}

TEST(DrainMachine, AClientThatDoesNotAnswerTheNoticeIsWaitedForASecond) {
  DrainMachine machine(requests());
  machine.terminate(kStart);
  EXPECT_EQ(machine.step(kStart, connections(1, 0)).next, at(seconds(1)));
  EXPECT_FALSE(machine.step(at(milliseconds(900)), connections(1, 0)).exit);
  EXPECT_TRUE(machine.step(at(seconds(1)), connections(1, 0)).exit);
}

TEST(DrainMachine, CutsWhatIsLeftWhenTheGracePeriodEnds) {
  DrainMachine machine(requests(seconds(30)));
  machine.terminate(kStart);
  EXPECT_EQ(machine.deadline(), at(seconds(29)));
  EXPECT_EQ(machine.step(at(seconds(2)), busy(1)).next, at(seconds(29)));
  EXPECT_FALSE(machine.step(at(milliseconds(28'999)), busy(1)).exit);
  const DrainActions end = machine.step(at(seconds(29)), busy(1));
  EXPECT_TRUE(end.exit);
  EXPECT_TRUE(end.cutRest);
  EXPECT_EQ(machine.transitions().back().event, DrainEvent::kDeadline);
}

TEST(DrainMachine, WithoutAGracePeriodNothingIsCut) {
  DrainMachine machine(requests());
  machine.terminate(kStart);
  EXPECT_FALSE(machine.step(kStart + std::chrono::hours(5), busy(1)).exit);
}

TEST(DrainMachine, APreStopHookSpendsTheGracePeriod) {
  DrainMachine machine(requests(seconds(30)));
  machine.order(kStart, {});
  machine.step(kStart, busy(1));
  machine.terminate(at(seconds(12)));
  EXPECT_EQ(machine.deadline(), at(seconds(29)));

  DrainMachine late(requests(seconds(30)));
  late.terminate(kStart, seconds(30));
  EXPECT_EQ(late.deadline(), at(seconds(1))) << "the kubelet leaves 2 s at least";

  DrainMachine byHand(requests(seconds(30)));
  byHand.order(kStart, {});
  byHand.terminate(at(seconds(3000)));
  EXPECT_EQ(byHand.deadline(), at(seconds(3029)));
}

TEST(DrainMachine, AnOrderToDrainDoesNotEndTheProcess) {
  DrainMachine machine(requests(seconds(30)));
  machine.order(kStart, {});
  const DrainActions actions = machine.step(kStart, connections(0));
  EXPECT_EQ(machine.state(), DrainState::kFinal);
  EXPECT_EQ(actions.notice, Notice::kAll);
  EXPECT_FALSE(actions.stopAccepting);
  EXPECT_FALSE(machine.step(at(seconds(1000)), connections(0)).exit);
  machine.terminate(at(seconds(1001)));
  EXPECT_TRUE(machine.step(at(seconds(1001)), connections(0)).exit);
}

TEST(DrainMachine, AnOrderMayCloseTheListeners) {
  DrainMachine now(requests());
  now.order(kStart, {.graceful = false});
  EXPECT_TRUE(now.step(kStart, busy(1)).stopAccepting);

  DrainMachine later(requests());
  later.order(kStart, {.skipExit = false});
  EXPECT_FALSE(later.step(kStart, busy(1)).stopAccepting);
  EXPECT_TRUE(later.step(at(seconds(1)), connections(1, 1)).stopAccepting);
  EXPECT_TRUE(later.step(at(seconds(2)), busy(1)).stopAccepting) << "what is closed stays closed";
}

TEST(DrainMachine, AnOrderMayWaitForTheRemoval) {
  DrainMachine machine(requests());
  machine.order(kStart, {.waitForRemoval = true});
  DrainObservation seen = busy(1);
  seen.removalAcknowledged = false;
  EXPECT_EQ(machine.step(kStart, seen).notice, Notice::kNone);
  EXPECT_EQ(machine.state(), DrainState::kLameDuck);
  machine.order(at(milliseconds(10)), {});
  EXPECT_EQ(machine.step(at(milliseconds(10)), seen).notice, Notice::kAll);
}

TEST(DrainMachine, ANativeSidecarEndsAsSoonAsNothingIsInFlight) {
  DrainSettings settings = requests(seconds(30));
  settings.nativeSidecar = true;
  DrainMachine machine(settings);
  machine.terminate(kStart);
  EXPECT_FALSE(machine.step(kStart, busy(1)).exit);
  EXPECT_EQ(machine.state(), DrainState::kFinal);
  EXPECT_TRUE(machine.step(at(milliseconds(1)), connections(7)).exit);
}

TEST(DrainMachine, WaitsForAnApplicationThatMayCallOut) {
  DrainMachine machine(requests(seconds(30)));
  machine.terminate(kStart);
  DrainObservation seen = connections(0);
  seen.applicationGone = false;
  const DrainActions waiting = machine.step(kStart, seen);
  EXPECT_FALSE(waiting.exit);
  ASSERT_TRUE(waiting.next);
  EXPECT_LT(*waiting.next, at(seconds(1)));
  EXPECT_FALSE(machine.step(at(seconds(20)), seen).exit);
  seen.applicationGone = true;
  EXPECT_TRUE(machine.step(at(seconds(21)), seen).exit);
}

TEST(DrainMachine, QuitsWhenToldTo) {
  for (const Kind kind : {Kind::kFixed, Kind::kZeroConnections, Kind::kRequests}) {
    DrainSettings settings = requests(seconds(30));
    settings.mode.kind = kind;
    DrainMachine machine(settings);
    machine.quit();
    const DrainActions end = machine.step(kStart, busy(1));
    EXPECT_TRUE(end.exit);
    EXPECT_TRUE(end.cutRest);
    EXPECT_FALSE(end.next);
  }
}

TEST(DrainMachine, FailedHealthIsReversible) {
  DrainMachine machine(requests());
  machine.setHealthy(false);
  const DrainActions failed = machine.step(kStart, busy(1));
  EXPECT_TRUE(failed.failReadiness);
  EXPECT_EQ(failed.notice, Notice::kWithResponses);
  machine.setHealthy(true);
  EXPECT_EQ(machine.step(kStart, busy(1)), DrainActions{});
}

TEST(DrainMachine, EveryStateAndEventHasAName) {
  for (int i = 0; i <= static_cast<int>(DrainState::kExit); ++i) {
    EXPECT_FALSE(name(static_cast<DrainState>(i)).empty());
  }
  for (int i = 0; i <= static_cast<int>(DrainEvent::kDeadline); ++i) {
    EXPECT_FALSE(name(static_cast<DrainEvent>(i)).empty());
  }
}

}  // namespace
}  // namespace hitless::proxy
