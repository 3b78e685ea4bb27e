#include "core/drain/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/gate_fixture.h"

namespace hitless::drain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::gate::deletedPod;
using testing::gate::full;
using testing::gate::node;
using testing::gate::slice;
using testing::gate::upsert;

/// How long the gate holds a hook at most, and when it looks again.
using GateTime = testing::gate::GateTest;

TEST_F(GateTime, WaitsUntilTheApplicationHasTakenWhatWasSentBefore) {
  gate.applyNodes(full({node("n1")}));
  removeAt(12);
  gate.setOwnWatermark(12);
  untaken = 2;
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, clock.mono() + GateOptions{}.acceptPoll);
  clock.advance(milliseconds(40));
  untaken = 0;
  step();
  ASSERT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_EQ(answers[0].verdict.waited, milliseconds(40));
}

TEST_F(GateTime, WaitsOnlySoLongForAnApplicationThatNeverAccepts) {
  gate.applyNodes(full({node("n1")}));
  removeAt(12);
  gate.setOwnWatermark(12);
  untaken = 1;
  gate.hold("g-web-1");
  step();
  clock.advance(GateOptions{}.acceptWait - nanoseconds(1));
  step();
  EXPECT_THAT(answers, IsEmpty());
  clock.advance(nanoseconds(1));
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
}

TEST_F(GateTime, TheWaitForTheApplicationIsPartOfTheBudget) {
  gate.applyNodes(full({node("n1")}));
  gate.applySlices(upsert(slice(12, {"web-1:T"}), 12));
  gate.applyPods(upsert(deletedPod(1)));
  gate.setOwnWatermark(12);
  untaken = 1;
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  clock.advance(gateBudget(seconds(1), GateOptions{}));
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
}

TEST_F(GateTime, DoesNotWaitForConnectionsThatItCannotSee) {
  gate.applyNodes(full({node("n1")}));
  removeAt(12);
  gate.setOwnWatermark(12);
  untaken = std::nullopt;
  gate.hold("g-web-1");
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
}

TEST_F(GateTime, WaitsShortlyForTheSliceOfAReadySelectedPod) {
  gate.applyPods(full({deletedPod(30, "web-9")}));
  gate.hold("g-web-9");
  step();
  EXPECT_THAT(answers, IsEmpty());
  while (answers.empty()) {
    ASSERT_TRUE(next);
    clock.advance(*next - clock.mono());
    step();
  }
  EXPECT_EQ(reason(), GateReason::kSlicesNotWritten) << "other nodes may know more";
  EXPECT_THAT(answers[0].verdict.text(), HasSubstr("no EndpointSlice tells of this ready pod"));
  EXPECT_EQ(answers[0].verdict.waited, seconds(2));
}

TEST_F(GateTime, AContainerRestartPassesAfterAShortWaitEachTime) {
  for (int i = 0; i < 2; ++i) {
    gate.hold("g-web-1");
    step();
    EXPECT_THAT(answers, IsEmpty());
    clock.advance(seconds(1));
    step();
    EXPECT_EQ(reason(), GateReason::kNotDeleted);
    EXPECT_THAT(notices, IsEmpty());
  }
}

TEST_F(GateTime, AnUnknownIdPassesAfterABoundedWait) {
  gate.hold("g-none");
  step();
  clock.advance(seconds(2) - nanoseconds(1));
  step();
  EXPECT_THAT(answers, IsEmpty());
  clock.advance(nanoseconds(1));
  step();
  EXPECT_EQ(reason(), GateReason::kUnknownPod);
  EXPECT_THAT(answers[0].verdict.text(), HasSubstr("no pod of this node"));
}

TEST_F(GateTime, NamesTheNodesThatDidNotAnswerInTime) {
  removeAt(12);
  gate.setOwnWatermark(12);
  gate.hold("g-web-1");
  step();
  gate.peerAnswered("n2", 12);
  gate.peerFailed("n3");
  clock.advance(seconds(20) - nanoseconds(1));
  step();
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_THAT(asks, SizeIs(1)) << "asked again";
  EXPECT_EQ(asks[0].node, "n3");
  clock.advance(nanoseconds(1));
  step();
  ASSERT_EQ(reason(), GateReason::kNodesMissing);
  EXPECT_TRUE(answers[0].verdict.timedOut());
  EXPECT_THAT(answers[0].verdict.missing, ElementsAre("n3"));
  EXPECT_EQ(answers[0].verdict.text(),
            "SIGTERM released after 20.0 s (10.0 s of 30 s grace left): time used up, 2 of 3 nodes "
            "removed the endpoint (revision 12), missing: n3");
}

TEST_F(GateTime, TellsPeopleWhatALongWaitIsFor) {
  removeAt(12);
  gate.hold("g-web-1");
  step();
  gate.peerAnswered("n2", 12);
  clock.advance(seconds(1) - nanoseconds(1));
  step();
  EXPECT_THAT(notices, IsEmpty());
  EXPECT_EQ(*next, clock.mono() + nanoseconds(1));
  clock.advance(nanoseconds(1));
  gate.hold("g-web-1");
  step();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].kind, Gate::Notice::Kind::kSlow);
  EXPECT_EQ(notices[0].text,
            "SIGTERM is held for 19.0 s more at most: 1 of 3 nodes removed the endpoint (revision "
            "12), not yet: n1, n3");
  clock.advance(seconds(1));
  step();
  EXPECT_THAT(notices, IsEmpty()) << "once";
}

TEST_F(GateTime, NamesTheSliceThatWasNotWritten) {
  gate.applyPods(upsert(deletedPod(6)));
  gate.hold("g-web-1");
  step();
  clock.advance(seconds(3));
  step();
  ASSERT_EQ(reason(), GateReason::kSlicesNotWritten);
  EXPECT_THAT(answers[0].verdict.text(), HasSubstr("default/web-abc"));
}

TEST_F(GateTime, RetriesAPeerThatFailedOrIsBehindAfterAPause) {
  removeAt(12);
  gate.hold("g-web-1");
  step();
  gate.peerFailed("n2");
  gate.peerAnswered("n3", 11);
  step();
  EXPECT_THAT(asks, IsEmpty());
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, clock.mono() + milliseconds(20));
  clock.advance(milliseconds(20));
  step();
  ASSERT_THAT(asks, SizeIs(1));
  EXPECT_EQ(asks[0].node, "n3");
  EXPECT_EQ(*next, clock.mono() + milliseconds(180));
}

TEST_F(GateTime, AShortenedGracePeriodShortensTheWait) {
  removeAt(12);
  gate.hold("g-web-1");
  step();
  clock.advance(seconds(4));
  gate.applyPods(upsert(deletedPod(5)));
  step();
  EXPECT_EQ(reason(), GateReason::kNodesMissing);
}

TEST(GateBudget, LeavesTheApplicationItsTime) {
  const GateOptions options;
  EXPECT_EQ(gateBudget(seconds(30), options), seconds(20));
  EXPECT_EQ(gateBudget(seconds(60), options), seconds(40));
  EXPECT_EQ(gateBudget(seconds(12), options), seconds(7));
  EXPECT_EQ(gateBudget(seconds(10), options), seconds(5));
  EXPECT_EQ(gateBudget(seconds(4), options), seconds(2));
  EXPECT_EQ(gateBudget(seconds(1), options), milliseconds(500));
  EXPECT_EQ(gateBudget(seconds(0), options), seconds(0));
}

}  // namespace
}  // namespace hitless::drain
