#include "core/drain/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/gate_fixture.h"

namespace hitless::drain {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::gate::deletedPod;
using testing::gate::erase;
using testing::gate::full;
using testing::gate::kService;
using testing::gate::node;
using testing::gate::slice;
using testing::gate::upsert;

using GateTest = testing::gate::GateTest;

TEST_F(GateTest, PassesWhenEveryLiveNodeHasRemovedTheEndpoint) {
  removeAt(12);
  const auto ticket = gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_THAT(asks, SizeIs(2));
  EXPECT_EQ(asks[0].node, "n2");
  EXPECT_EQ(asks[0].address, "10.0.0.2");
  EXPECT_EQ(asks[0].atLeast, 12U);
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_FALSE(notices[0].verdict);
  EXPECT_EQ(notices[0].revision, 12U);

  gate.setOwnWatermark(12);
  gate.peerAnswered("n2", 15);
  clock.advance(milliseconds(12));
  step();
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_THAT(asks, IsEmpty()) << "n3 has been asked already";

  gate.peerAnswered("n3", 12);
  step();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].ticket, ticket);
  EXPECT_EQ(answers[0].verdict.text(),
            "SIGTERM released after 12 ms (29.9 s of 30 s grace left): 3 of 3 nodes removed the "
            "endpoint (revision 12)");
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].verdict->reason, GateReason::kAcknowledged);
  EXPECT_EQ(gate.held(), 0U);
}

TEST_F(GateTest, WaitsForTheRevisionAtWhichItLeftNotForLaterOnes) {
  removeAt(12);
  gate.applySlices(upsert(slice(20, {"web-1:T", "web-2:R"}), 20));
  gate.setOwnWatermark(12);
  gate.applyNodes(full({node("n1")}));
  gate.hold("g-web-1");
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_EQ(answers[0].verdict.revision, 12U);
  EXPECT_EQ(answers[0].verdict.live, 1U) << "a cluster of one node";
}

TEST_F(GateTest, WaitsForTheLastOfSeveralSlices) {
  gate.applySlices(upsert(slice(11, {"web-1:R"}, "other-x"), 11));
  removeAt(12);
  gate.setOwnWatermark(100);
  gate.applyNodes(full({}));
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty()) << "the other slice still shows it";
  gate.applySlices(upsert(slice(14, {}, "other-x"), 14));
  step();
  ASSERT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_EQ(answers[0].verdict.revision, 14U);
}

TEST_F(GateTest, CountsADeletedSliceAndOneThatARelistNoLongerShows) {
  const watch::Update gone[] = {erase(slice(33, {"web-1:R"}), 33), full({}, 33)};
  for (const watch::Update& update : gone) {
    gate = Gate{"n1", GateOptions{}, clock};
    SetUp();
    gate.applyPods(upsert(deletedPod()));
    gate.applyServices(full({}));
    gate.applySlices(update);
    gate.applyNodes(full({}));
    gate.setOwnWatermark(32);
    gate.hold("g-web-1");
    step();
    EXPECT_THAT(answers, IsEmpty());
    gate.setOwnWatermark(33);
    step();
    EXPECT_EQ(reason(), GateReason::kAcknowledged);
  }
}

TEST_F(GateTest, AHookMayComeBeforeTheDeletionAndTheSliceAreSeen) {
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  gate.applyPods(upsert(deletedPod()));
  step();
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_THAT(asks, IsEmpty());
  removeAt(12);
  step();
  EXPECT_THAT(asks, SizeIs(2));
}

TEST_F(GateTest, NotReadyButNotYetTerminatingIsNotEnoughFromTheController) {
  // [---] may be an old picture: a [RS-] that has not reached this watch yet may follow.
  gate.applySlices(upsert(slice(11, {"web-1:"}), 11));
  gate.applyPods(upsert(deletedPod()));
  gate.applyNodes(full({}));
  gate.setOwnWatermark(50);
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  // A slice of somebody else may never say "terminating".
  gate.applySlices(upsert(slice(12, {"web-1:"}, "web-abc", "me"), 12));
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
}

TEST_F(GateTest, ContainersOfAPodShareOneWaitAndLaterHooksItsVerdict) {
  removeAt(12);
  gate.applyNodes(full({}));
  gate.hold("g-web-1");
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(notices, SizeIs(1));
  gate.setOwnWatermark(12);
  step();
  EXPECT_THAT(answers, SizeIs(2));
  EXPECT_THAT(notices, SizeIs(1));
  gate.hold("g-web-1");
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_THAT(notices, IsEmpty());
}

TEST_F(GateTest, AHookOfTheUsersIsToldByItsPodsAddress) {
  const PodRef self{PodRef::By::kAddress, "10.1.0.5"};
  removeAt(12);
  gate.applyNodes(full({}));
  gate.hold(self);
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  EXPECT_THAT(notices, SizeIs(1)) << "one pod, told once";
  gate.setOwnWatermark(12);
  step();
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_THAT(notices, SizeIs(1));
}

TEST_F(GateTest, AnAddressBelongsToThePodThatEnds) {
  // An earlier pod that is finished keeps its address in its status; a node's is nobody's.
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  gate.applyPods(full(
      {with(deletedPod(30, "old"), "\"podIP\"", "\"phase\":\"Succeeded\",\"podIP\""),
       with(deletedPod(30, "host"), "\"status\"", "\"spec\":{\"hostNetwork\":true},\"status\"")}));
  gate.hold(PodRef{PodRef::By::kAddress, "10.1.0.5"});
  step();
  clock.advance(seconds(2));
  step();
  EXPECT_EQ(reason(), GateReason::kUnknownPod);
}

TEST_F(GateTest, PassesAtOnceWhatNoSliceHolds) {
  gate.applyServices(full({}));
  gate.applyPods(full({deletedPod(30, "job-1")}));
  gate.hold("g-job-1");
  step();
  EXPECT_EQ(reason(), GateReason::kNoEndpoints);
}

TEST_F(GateTest, DoesNotWaitForNodesThatAreNotReady) {
  gate.applyNodes(full({node("n1", false), node("n2", false), node("n3")}));
  removeAt(12);
  gate.setOwnWatermark(12);
  gate.hold("g-web-1");
  step();
  ASSERT_THAT(asks, SizeIs(1));
  EXPECT_EQ(asks[0].node, "n3");
  gate.applyNodes(upsert(node("n3", false)));
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_EQ(answers[0].verdict.live, 1U) << "the own node counts whatever its condition";
}

TEST_F(GateTest, ACallerThatLeavesIsForgotten) {
  gate.drop(gate.hold("g-web-1"));
  gate.drop(77);
  EXPECT_EQ(gate.held(), 0U);
  clock.advance(seconds(60));
  step();
  EXPECT_THAT(answers, IsEmpty());
}

TEST_F(GateTest, ARestartedAgentWaitsForItsWatches) {
  Gate fresh{"n1", GateOptions{}, clock};
  fresh.hold("g-web-1");
  EXPECT_THAT(fresh.step().answers, IsEmpty());
  clock.advance(seconds(5));
  fresh.applyPods(full({deletedPod()}));
  EXPECT_THAT(fresh.step().answers, IsEmpty()) << "slices are not synced";
  fresh.applyServices(full({kService}));
  fresh.applySlices(full({slice(12, {"web-1:T"})}, 40));
  fresh.setOwnWatermark(40);
  ASSERT_THAT(fresh.step().inspect, SizeIs(1));
  fresh.untaken("u-web-1", 0);
  EXPECT_THAT(fresh.step().answers, SizeIs(1));
}

TEST(GateNames, AreDistinct) {
  std::set<std::string_view> names;
  for (int reason = 0; reason <= static_cast<int>(GateReason::kStillConnected); ++reason) {
    names.insert(name(static_cast<GateReason>(reason)));
  }
  for (int state = 0; state <= static_cast<int>(GateState::kPassed); ++state) {
    names.insert(name(static_cast<GateState>(state)));
  }
  EXPECT_EQ(names.size(), 14U);
}

}  // namespace
}  // namespace hitless::drain
