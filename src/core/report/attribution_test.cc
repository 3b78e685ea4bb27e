#include "core/report/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/report/outage.h"

namespace hitless::report {
namespace {

using load::Cause;
using load::Failure;
using ::testing::HasSubstr;
using timeline::Event;
using timeline::What;
using enum FailureClass;

const WallTime kStart = *parseTime("2026-11-21T12:00:00Z");
const char* const kWebA = "10.1.1.2";

WallTime at(double ms) {
  return kStart + nanoseconds{static_cast<std::int64_t>(ms * 1e6)};
}

Event event(double ms, What what, std::string pod, std::string ip = kWebA,
            std::string node = "node-1", std::uint64_t revision = 0, std::string detail = {}) {
  return {at(ms), what,          std::move(node), std::move(pod),
          {},     std::move(ip), revision,        std::move(detail)};
}

/// web-a: deleted at 100, endpoint gone at 120, SIGTERM 104, exited 106, gone 160; node-2's rules
/// follow at 1020.
std::vector<Event> rollout() {
  return {event(-5000, What::kPodReady, "default/web-a"),
          event(50, What::kEndpointsUpdated, "default/web", "", "", 10, kWebA),
          event(100, What::kPodDeleted, "default/web-a"),
          event(104, What::kSigterm, "default/web-a"),
          event(106, What::kContainerExited, "default/web-a", kWebA, "node-1", 0, "exit 0"),
          event(120, What::kEndpointsUpdated, "default/web", "", "", 20, ""),
          event(160, What::kPodGone, "default/web-a"),
          event(1020, What::kRulesCommitted, "", "", "node-2", 21)};
}

Facts facts(std::vector<Event> events) {
  ProfileRun run;
  run.clientNode = "node-2";
  run.events = std::move(events);
  return factsOf(run);
}

Failure failure(Cause cause, double connect, const char* ip = kWebA) {
  Failure out;
  out.cause = cause;
  out.scheduled = at(connect);
  out.connect = at(connect);
  out.failed = at(connect + 0.2);
  if (ip != nullptr) {
    out.backend = load::Endpoint{*IpAddress::parse(ip), 8080};
  }
  return out;
}

Failure onReused(Cause cause, double written, double failed) {
  Failure out = failure(cause, written);
  out.connect.reset();
  out.written = at(written);
  out.failed = at(failed);
  out.reusedConnection = true;
  return out;
}

/// Dialled as an address that a name stood for.
Failure byName(Cause cause, double resolved, double connect) {
  Failure out = failure(cause, connect);
  out.destination = out.backend;
  out.resolved = at(resolved);
  return out;
}

std::string_view classOf(const Failure& lost, const Facts& known) {
  return info(attribute(lost, known).failureClass).id;
}

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
  EXPECT_EQ(classOf(failure(Cause::kConnectionRefused, 50), known), "peer-closed");
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

load::LoadResult outage() {
  load::LoadResult result;
  Failure dial = byName(Cause::kConnectTimeout, 290, 310);
  dial.failed = at(20310);
  dial.backoffUntil = at(21000);
  Failure waiting;
  waiting.cause = Cause::kBackoff;
  waiting.scheduled = waiting.failed = at(20500);
  waiting.backoffUntil = at(21000);
  Failure same = waiting;
  same.scheduled = same.failed = at(20900);
  result.failures.listed = {dial, waiting, same};
  result.failures.counts = {{Cause::kConnectTimeout, 1}, {Cause::kBackoff, 2}};
  result.reconnects.count = 1;
  result.reconnects.longest = milliseconds{21000};
  result.reconnects.listed = {
      {"web.default:8080", at(200), at(21200), milliseconds{21000}, 2, "connect timed out"}};
  return result;
}

TEST(Attribution, AWaitHasTheRootOfTheFailureThatBeganIt) {
  const load::LoadResult result = outage();
  const Facts known = facts(rollout());
  const auto why = attributeAll(result, known);
  ASSERT_EQ(why.size(), 3U);
  EXPECT_EQ(why[0].failureClass, kDeadAddress);
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(why[i].failureClass, kBackoff);
    EXPECT_EQ(why[i].root, kDeadAddress);
    EXPECT_EQ(why[i].began, &result.failures.listed[0]);
  }
  EXPECT_EQ(
      why[1].evidence,
      "waiting for 190 ms since: connect timed out (dead-ip), default/web-a, the next attempt "
      "was due 500 ms later");
}

TEST(Attribution, AWaitWhoseBeginningNobodySawHasARootToo) {
  load::LoadResult result = outage();
  result.failures.listed.erase(result.failures.listed.begin());
  const Facts known = facts(rollout());
  for (const Attribution& why : attributeAll(result, known)) {
    EXPECT_EQ(why.failureClass, kBackoff);
    EXPECT_NE(why.root, kOther);
    EXPECT_THAT(why.evidence, HasSubstr("no request saw the attempt that failed"));
  }
}

TEST(Outage, IsOneStory) {
  const load::LoadResult result = outage();
  const Facts known = facts(rollout());
  const auto stories = outagesOf(result, known);
  ASSERT_EQ(stories.size(), 1U);
  ASSERT_EQ(stories[0].phases.size(), 2U);
  EXPECT_EQ(
      stories[0].text,
      "web.default:8080: reconnect took 21.00 s: dialled 10.1.1.2 (default/web-a, dead for 204 "
      "ms) 20.00 s: connect timed out; back-off 690 ms");
}

TEST(Outage, WithoutFailuresTellsWhatTheChannelSays) {
  load::LoadResult result = outage();
  result.failures = {};
  EXPECT_EQ(outagesOf(result, facts({}))[0].text,
            "web.default:8080: reconnect took 21.00 s: 2 attempts; connect timed out");
}

/// Timelines of the kinds that rehearsals record.
std::vector<Facts> recordedKinds() {
  std::vector<Event> half = rollout();
  std::erase_if(half, [](const Event& e) {
    return e.what == What::kRulesCommitted || e.what == What::kPodGone;
  });
  return {facts({}), facts(rollout()), facts(half),
          facts({event(0, What::kPodReady, "default/web-a"),
                 event(100, What::kContainerExited, "default/web-a")}),
          facts({event(100, What::kNodeCut, "", "", "node-2")})};
}

/// Every shape that a failure can have: each cause, at each moment, with each optional fact there
/// or not.
TEST(Attribution, NoShapeOfAFailureIsWithoutACause) {
  const std::vector<Facts> kinds = recordedKinds();
  std::size_t seen = 0;
  for (const Facts& known : kinds) {
    for (const load::CauseInfo& row : load::causes()) {
      for (const double moment : {-6000.0, 50.0, 99.0, 103.0, 105.0, 130.0, 300.0, 1100.0}) {
        for (unsigned bits = 0; bits < 64; ++bits) {
          Failure lost = failure(row.cause, moment, (bits & 1) != 0 ? kWebA : nullptr);
          lost.connect = (bits & 2) != 0 ? lost.connect : std::nullopt;
          lost.written = (bits & 4) != 0 ? std::optional(at(moment + 0.1)) : std::nullopt;
          lost.resolved = (bits & 8) != 0 ? std::optional(at(moment - 20)) : std::nullopt;
          lost.reusedConnection = (bits & 16) != 0;
          lost.destination = (bits & 32) != 0
                                 ? std::optional(load::Endpoint{*IpAddress::parse(kWebA), 80})
                                 : std::nullopt;
          load::LoadResult result;
          result.failures.listed = {lost};
          const Attribution why = attributeAll(result, known).front();
          ASSERT_NE(why.failureClass, kOther) << row.id << " at " << moment << ", " << bits;
          ASSERT_NE(why.failureClass, kNotListed);
          ASSERT_TRUE(why.failureClass != kBackoff || why.root != kOther);
          ++seen;
        }
      }
    }
  }
  EXPECT_EQ(seen, kinds.size() * load::causes().size() * 8 * 64);
}

}  // namespace
}  // namespace hitless::report
