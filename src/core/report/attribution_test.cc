#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/report/attribution_fixture.h"

namespace hitless::report {
namespace {

using ::testing::HasSubstr;
using enum FailureClass;

TEST(Attribution, OfAPodThatStops) {
  const Facts known = facts(rollout());
  Failure pinned = failure(Cause::kConnectTimeout, 103);  // its flow goes to the pod for good
  pinned.failed = at(5103);
  const std::pair<Failure, FailureClass> cases[] = {
      {failure(Cause::kConnectionRefused, 300), kEndpointLag},
      {failure(Cause::kNoEndpoint, 300), kEndpointLag},
      {failure(Cause::kConnectTimeout, 300), kDeadAddress},
      {pinned, kDeadAddress},
      {failure(Cause::kConnectionRefused, 1100), kPastCommit},
      {byName(Cause::kConnectionRefused, 290, 300), kDnsLag},
      {byName(Cause::kConnectionRefused, 90, 300), kDnsKept},
      {failure(Cause::kResetAfterRequestWritten, 103.9), kDrainCut},
      {onReused(Cause::kClosedBeforeResponse, 104.1, 104.3), kConnReuse},
      {onReused(Cause::kResetAfterRequestWritten, 50, 105), kDrainCut},
      {onReused(Cause::kClosedMidResponse, 50, 105), kDrainCut},
      {onReused(Cause::kGoawayUnprocessed, 104, 105), kDrainRefused},
      {onReused(Cause::kStreamRefused, 104, 105), kDrainRefused},
      {onReused(Cause::kResponseTimeout, 0, 90), kCapacity},
      {failure(Cause::kConnectionRefused, -6000), kNotReady},
      {failure(Cause::kConnectionRefused, 50), kPeerClosed},
      {failure(Cause::kHttp5xx, 300), kApplication},
      {failure(Cause::kRpcStatus, 300), kApplication},
      {failure(Cause::kNoEndpoint, 300, nullptr), kNoEndpoint},
      {failure(Cause::kNameNotResolved, 300, nullptr), kNoName},
      {failure(Cause::kLocalError, 300, nullptr), kClient},
      {failure(Cause::kConnectTimeout, 50, nullptr), kCapacity},
  };
  for (const auto& [lost, expected] : cases) {
    EXPECT_EQ(classOf(lost, known), info(expected).id) << load::info(lost.cause).id;
  }
}

TEST(Attribution, TellsSigkillFromWhatTheApplicationDid) {
  std::vector<Event> events = rollout();
  std::erase_if(events, [](const Event& e) { return e.what == What::kContainerExited; });
  events.push_back(event(30104, What::kSigkill, "default/web-a"));
  events.push_back(event(30106, What::kContainerExited, "default/web-a", kWebA, "node-1", 0,
                         "exit 137 (signal 9)"));
  const Facts known = facts(events);
  const Attribution killed = attribute(onReused(Cause::kClosedMidResponse, 50, 30105), known);
  EXPECT_EQ(killed.failureClass, kSigkillCut);
  EXPECT_THAT(killed.evidence, HasSubstr("sent 30.05 s before SIGKILL"));
  EXPECT_EQ(classOf(onReused(Cause::kClosedMidResponse, 50, 200), known), "drain-cut");
}

TEST(Attribution, FindsThePodByTimeWhereTheClientDoesNotKnowIt) {
  const Facts known = facts(rollout());
  const Attribution why = attribute(failure(Cause::kConnectionRefused, 300, nullptr), known);
  EXPECT_EQ(why.failureClass, kEndpointLag);
  EXPECT_TRUE(why.byTime);
  EXPECT_EQ(why.pod->name, "default/web-a");
  EXPECT_THAT(why.evidence, HasSubstr("did not say which pod"));
  EXPECT_EQ(classOf(failure(Cause::kConnectionRefused, 1100, nullptr), known), "peer-closed");
}

TEST(Attribution, ATakenBackNameIsTheServicesAndNotAPod) {
  std::vector<Event> events = rollout();
  events.push_back(event(900, What::kNamesWithdrawn, "default/web", kWebA, "node-2", 21));
  const Facts known = facts(events);
  EXPECT_EQ(classOf(failure(Cause::kConnectionRefused, 950), known),
            classOf(failure(Cause::kConnectionRefused, 950), facts(rollout())));
  ASSERT_EQ(known.pods.size(), 1U);
  EXPECT_EQ(known.pods.front().name, "default/web-a");
}

TEST(Attribution, TheEndOfAnInitContainerIsNoCrash) {
  const auto ended = [](const char* detail) {
    return event(-6000, What::kContainerExited, "default/web-a", kWebA, "node-1", 0, detail);
  };
  for (const auto& [detail, crashes] : {std::pair{"exit 0", 0U}, std::pair{"exit 1", 1U}}) {
    std::vector<Event> events = rollout();
    events.insert(events.begin(), ended(detail));
    ASSERT_EQ(facts(events).pods.size(), 1U);
    EXPECT_EQ(facts(events).pods.front().crashes.size(), crashes) << detail;
  }
}

TEST(Attribution, OfACrash) {
  std::vector<Event> events = {event(0, What::kPodReady, "default/web-a"),
                               event(100, What::kContainerExited, "default/web-a", kWebA, "node-1",
                                     0, "exit 137 (signal 9)"),
                               event(900, What::kPodReady, "default/web-a")};
  const Facts known = facts(events);
  const Attribution why = attribute(failure(Cause::kConnectionRefused, 300), known);
  EXPECT_EQ(why.failureClass, kPodCrash);
  EXPECT_THAT(why.evidence,
              HasSubstr("ended (exit 137 (signal 9)); the failure came 200 ms after"));
  EXPECT_THAT(why.evidence, HasSubstr("ready again after 800 ms"));
  EXPECT_EQ(classOf(failure(Cause::kConnectionRefused, 1000), known), "peer-closed");
  // The kubelet may see the end later than clients do, but not for ever.
  EXPECT_EQ(classOf(failure(Cause::kConnectionRefused, 90), known), "pod-crash");
  EXPECT_EQ(classOf(failure(Cause::kResponseTimeout, 90), known), "capacity");
  EXPECT_EQ(classOf(failure(Cause::kResetAfterRequestWritten, -10), known), "peer-closed");
}

TEST(Attribution, OfACrashSaysHowLongOthersStillSentThere) {
  const std::vector<Event> events = {
      event(0, What::kPodReady, "default/web-a"),
      event(10, What::kEndpointsUpdated, "default/web", "", "", 10, kWebA),
      event(100, What::kPodCrashed, "default/web-a"),
      event(108, What::kContainerExited, "default/web-a", kWebA, "node-1", 0,
            "exit 137 (signal 9)"),
      event(140, What::kEndpointsUpdated, "default/web", "", "", 20, ""),
      event(900, What::kRulesCommitted, "", "", "node-2", 20)};
  const Facts known = facts(events);
  ASSERT_EQ(known.pods.at(0).crashes.size(), 1U);
  EXPECT_EQ(known.pods[0].crashes[0].time, at(100));
  EXPECT_THAT(
      attribute(failure(Cause::kConnectionRefused, 300), known).evidence,
      HasSubstr("its endpoint left after 40.0 ms, node-2's rules let go of it after 800 ms"));
}

TEST(Attribution, OfANodeThatIsCut) {
  std::vector<Event> events = {event(0, What::kPodReady, "default/web-a"),
                               event(100, What::kNodeCut, "", "", "node-1"),
                               event(500, What::kNodeMended, "", "", "node-1")};
  const Facts known = facts(events);
  const Attribution why = attribute(failure(Cause::kConnectTimeout, 300), known);
  EXPECT_EQ(why.failureClass, kNodeCut);
  EXPECT_THAT(why.evidence, HasSubstr("node-1, default/web-a's node, was cut off"));
  EXPECT_THAT(why.evidence, HasSubstr("it lasted 400 ms"));
  EXPECT_EQ(classOf(failure(Cause::kConnectTimeout, 300, nullptr), known), "node-cut");
  EXPECT_EQ(classOf(failure(Cause::kConnectTimeout, 600), known), "capacity");
  EXPECT_EQ(classOf(failure(Cause::kHttp5xx, 300), known), "application");
  Facts own = known;
  own.clientNode = "node-1";
  EXPECT_EQ(classOf(failure(Cause::kNameNotResolved, 300, nullptr), own), "node-cut");
}

TEST(Attribution, EvidenceHasAges) {
  const Facts known = facts(rollout());
  EXPECT_EQ(attribute(failure(Cause::kConnectionRefused, 300), known).evidence,
            "10.1.1.2 (default/web-a) was dialled 196 ms after it began to stop; node-2's rules "
            "still held it 180 ms after its endpoint had left");
  EXPECT_EQ(attribute(byName(Cause::kConnectionRefused, 290, 310), known).evidence,
            "10.1.1.2 (default/web-a) was dialled 206 ms after it began to stop; the answer with "
            "its address was 20.0 ms old, told 170 ms after the endpoint left");
  Failure lost = failure(Cause::kConnectTimeout, 306);
  lost.failed = at(20306);
  EXPECT_EQ(attribute(lost, known).evidence,
            "10.1.1.2 (default/web-a) was dialled 200 ms after it was dead; node-2's rules still "
            "held it 186 ms after its endpoint had left; given up after 20.00 s");
}

}  // namespace
}  // namespace hitless::report
