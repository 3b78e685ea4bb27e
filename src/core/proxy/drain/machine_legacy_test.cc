#include <gtest/gtest.h>

#include "core/proxy/drain/machine.h"

/// The modes that do what pilot-agent does.
namespace hitless::proxy {
namespace {

using Kind = DrainMode::Kind;

constexpr MonoTime kStart{std::chrono::hours(1)};

MonoTime at(milliseconds time) {
  return kStart + time;
}

DrainObservation connections(std::size_t count, std::size_t requests = 0) {
  DrainObservation seen;
  seen.activeConnections = count;
  seen.activeRequests = requests;
  return seen;
}

DrainSettings legacy(Kind kind) {
  DrainSettings settings;
  settings.mode = {kind, seconds(5)};
  settings.grace = seconds(30);
  return settings;
}

TEST(DrainMachineLegacy, FixedCutsEverythingWhenTheTimeIsOver) {
  DrainMachine machine(legacy(Kind::kFixed));
  machine.terminate(kStart);
  const DrainActions begun = machine.step(kStart, connections(1, 1));
  EXPECT_TRUE(begun.failReadiness);
  EXPECT_EQ(begun.notice, Notice::kWithResponses);
  EXPECT_FALSE(begun.closeIdle);
  EXPECT_EQ(begun.next, at(seconds(5)));
  EXPECT_FALSE(machine.step(at(milliseconds(4999)), connections(0)).exit) << "nor earlier";
  const DrainActions end = machine.step(at(seconds(5)), connections(1, 1));
  EXPECT_TRUE(end.exit);
  EXPECT_TRUE(end.cutRest);
}

TEST(DrainMachineLegacy, ZeroConnectionsCountsOnceASecondAfterTheMinimum) {
  DrainMachine machine(legacy(Kind::kZeroConnections));
  machine.terminate(kStart);
  EXPECT_FALSE(machine.step(kStart, connections(0)).exit);
  EXPECT_EQ(machine.step(at(seconds(5)), connections(1)).next, at(seconds(6)));
  EXPECT_FALSE(machine.step(at(milliseconds(5500)), connections(0)).exit) << "nobody counts now";
  EXPECT_EQ(machine.step(at(seconds(6)), connections(1)).next, at(seconds(7)));
  const DrainActions end = machine.step(at(seconds(7)), connections(0));
  EXPECT_TRUE(end.exit);
  EXPECT_FALSE(end.cutRest);
}

TEST(DrainMachineLegacy, ZeroConnectionsHasNoDeadline) {
  DrainMachine machine(legacy(Kind::kZeroConnections));
  machine.terminate(kStart);
  for (int second = 0; second < 3600; ++second) {
    ASSERT_FALSE(machine.step(at(seconds(second)), connections(1)).exit);
  }
}

TEST(DrainMachineLegacy, OfPilotAgentADrainOrderedBeforeSigtermMeansNoWait) {
  for (const Kind kind : {Kind::kFixed, Kind::kZeroConnections}) {
    DrainMachine machine(legacy(kind));
    machine.order(kStart, {});
    const DrainActions drained = machine.step(kStart, connections(1, 1));
    EXPECT_FALSE(drained.failReadiness);
    EXPECT_EQ(drained.notice, Notice::kWithResponses);
    EXPECT_FALSE(machine.step(at(seconds(100)), connections(1, 1)).exit);
    machine.terminate(at(seconds(101)));
    EXPECT_TRUE(machine.step(at(seconds(101)), connections(1, 1)).cutRest);
  }
}

}  // namespace
}  // namespace hitless::proxy
