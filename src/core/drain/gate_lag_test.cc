#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/drain/gate.h"
#include "testing/gate_fixture.h"

namespace hitless::drain {
namespace {

using ::testing::IsEmpty;
using testing::gate::deletedPod;
using testing::gate::full;
using testing::gate::kService;
using testing::gate::node;
using testing::gate::pod;
using testing::gate::slice;
using testing::gate::upsert;

/// One watch of the node is behind another. What watermark_property_test.cc has found, one by one.
using GateLag = testing::gate::GateTest;

TEST_F(GateLag, ADepartureIsRememberedUntilThePodsWatchHasTheSlicesNews) {
  // web-2 was ready and left its slice by a new label, before this node's watch of pods has it.
  gate.applySlices(upsert(slice(11, {"web-1:R", "web-2:R"}), 11));
  gate.applySlices(upsert(slice(12, {"web-1:R"}), 12));
  gate.applyPods(upsert(pod("", "web-3")));
  gate.applyServices(full({}));
  gate.applyPods(upsert(deletedPod(30, "web-2")));
  gate.setOwnWatermark(11);
  gate.hold("g-web-2");
  step();
  EXPECT_THAT(answers, IsEmpty()) << "the own node still sends to it";
  EXPECT_EQ(asks.size(), 2U);
}

TEST_F(GateLag, ADepartureIsForgottenWhenItsPodHasLongBeenGone) {
  RemovalIndex index("n1");
  index.apply(full({slice(11, {"web-2:R"})}, 11));
  index.apply(full({slice(12, {})}, 12));
  index.retain({}, clock.mono());
  index.retain({}, clock.mono() + seconds(600));
  EXPECT_TRUE(index.standing("u-web-2").listed);
  index.retain({}, clock.mono() + seconds(601));
  EXPECT_FALSE(index.standing("u-web-2").listed);
}

TEST_F(GateLag, APodThatWasReadyAndSelectedIsExpectedInASlice) {
  // web-2 became an endpoint, as others know, and is ready or selected no longer.
  for (const bool relabelled : {true, false}) {
    gate = Gate{"n1", GateOptions{}, clock};
    SetUp();
    gate.applyPods(upsert(pod("", "web-2")));
    if (relabelled) {
      gate.applyServices(full({}));
      gate.applyPods(upsert(deletedPod(30, "web-2")));
    } else {
      gate.applyPods(upsert(pod(R"(,"deletionTimestamp":"2026-11-21T00:00:30Z")", "web-2", false)));
    }
    gate.hold("g-web-2");
    step();
    EXPECT_THAT(answers, IsEmpty()) << relabelled;
  }
}

TEST_F(GateLag, AServiceThatComesAfterThePodCountsToo) {
  gate.applyServices(full({}));
  gate.applyPods(upsert(pod("", "web-2")));
  gate.applyServices(upsert(kService));
  gate.applyServices(full({}));
  gate.applyPods(upsert(deletedPod(30, "web-2")));
  gate.hold("g-web-2");
  step();
  EXPECT_THAT(answers, IsEmpty());
}

TEST_F(GateLag, AnEndpointThatMovesFromSliceToSliceHasNotLeft) {
  gate.applySlices(upsert(slice(11, {}), 11));  // The other slice, which shows it ready, follows.
  gate.applyPods(upsert(deletedPod()));
  gate.applyNodes(full({node("n1")}));
  gate.setOwnWatermark(11);
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  gate.applySlices(upsert(slice(12, {"web-1:R"}, "web-def"), 12));
  step();
  EXPECT_THAT(answers, IsEmpty());
  gate.applySlices(upsert(slice(13, {"web-1:T"}, "web-def"), 13));
  gate.setOwnWatermark(13);
  step();
  ASSERT_EQ(reason(), GateReason::kAcknowledged);
  EXPECT_EQ(answers[0].verdict.revision, 13U);
}

TEST_F(GateLag, AListHidesThatAnEndpointCameBackAndLeftAgain) {
  // Nothing says "terminating" in a slice of somebody else. It was ready at 12, unseen here.
  gate.applySlices(full({slice(11, {"web-1:"}, "web-abc", "me")}, 11));
  gate.applySlices(full({slice(13, {"web-1:"}, "web-abc", "me")}, 14));
  gate.applyPods(upsert(deletedPod()));
  gate.applyNodes(full({node("n1")}));
  gate.setOwnWatermark(12);
  gate.hold("g-web-1");
  step();
  EXPECT_THAT(answers, IsEmpty());
  gate.setOwnWatermark(13);
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
}

}  // namespace
}  // namespace hitless::drain
