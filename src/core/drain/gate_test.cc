#include "core/drain/gate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace hitless::drain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

kube::ObjectPtr parse(const std::string& text) {
  return std::make_shared<const kube::json::object>(kube::parseJson(text).value().as_object());
}
watch::Update full(std::vector<std::string> objects, std::uint64_t revision = 1) {
  watch::Update update{watch::Update::Kind::kFull, {}, revision};
  for (const std::string& object : objects) {
    update.changes.push_back({watch::ChangeType::kUpsert, parse(object)});
  }
  return update;
}
watch::Update upsert(const std::string& object, std::uint64_t revision = 1) {
  return {
      watch::Update::Kind::kIncremental, {{watch::ChangeType::kUpsert, parse(object)}}, revision};
}
watch::Update erase(const std::string& object, std::uint64_t revision) {
  return {
      watch::Update::Kind::kIncremental, {{watch::ChangeType::kDelete, parse(object)}}, revision};
}

std::string pod(std::string_view extra = "", std::string_view name = "web-1", bool ready = true) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"default","name":"{0}","uid":"u-{0}","labels":{{"app":"web"}},
      "annotations":{{"hitless.io/gate":"g-{0}"}}{1}}},
      "status":{{"podIP":"10.1.0.5","conditions":[{{"type":"Ready","status":"{2}"}}]}}}})",
      name, extra, ready ? "True" : "False");
}
std::string deletedPod(int grace = 30, std::string_view name = "web-1") {
  return pod(
      fmt::format(R"(,"deletionTimestamp":"2026-11-21T00:00:30Z","deletionGracePeriodSeconds":{})",
                  grace),
      name);
}
const std::string kService =
    R"({"metadata":{"namespace":"default","name":"web"},"spec":{"selector":{"app":"web"}}})";

/// One endpoint is "name:flags" with flags out of R(eady), T(erminating).
std::string slice(int revision, std::vector<std::string> endpoints,
                  std::string_view name = "web-abc",
                  std::string_view manager = "endpointslice-controller.k8s.io",
                  std::string_view node = "n1") {
  std::string list;
  for (const std::string& endpoint : endpoints) {
    const auto colon = endpoint.find(':');
    const std::string flags = endpoint.substr(colon + 1);
    list +=
        fmt::format(R"({}{{"addresses":["10.1.0.5"],"nodeName":"{}","targetRef":{{"uid":"u-{}"}},
        "conditions":{{"ready":{},"serving":true,"terminating":{}}}}})",
                    list.empty() ? "" : ",", node, endpoint.substr(0, colon),
                    flags.find('R') != std::string::npos, flags.find('T') != std::string::npos);
  }
  return fmt::format(R"({{"metadata":{{"namespace":"default","name":"{}","resourceVersion":"{}",
      "labels":{{"kubernetes.io/service-name":"web","endpointslice.kubernetes.io/managed-by":"{}"}}}},
      "addressType":"IPv4","endpoints":[{}]}})",
                     name, revision, manager, list);
}
std::string node(std::string_view name, bool ready = true) {
  return fmt::format(
      R"({{"metadata":{{"name":"{}"}},"status":{{"addresses":[{{"type":"InternalIP","address":"10.0.0.{}"}}],
      "conditions":[{{"type":"Ready","status":"{}"}}]}}}})",
      name, name.back(), ready ? "True" : "False");
}

struct GateTest : ::testing::Test {
  testing::FakeClock clock;
  Gate gate{"n1", GateOptions{}, clock};
  std::vector<Gate::Answer> answers;
  std::vector<Gate::Notice> notices;
  std::vector<Ask> asks;
  std::optional<MonoTime> next;
  std::optional<std::size_t> untaken = 0;  ///< What the application has not accepted.

  void SetUp() override {
    gate.applyPods(full({pod()}));
    gate.applyServices(full({kService}));
    gate.applySlices(full({slice(10, {"web-1:R"})}, 10));
    gate.applyNodes(full({node("n1"), node("n2"), node("n3")}));
    gate.setOwnWatermark(10);
  }
  void step() {
    answers.clear();
    notices.clear();
    asks.clear();
    const Gate::Effects effects = take(gate.step());
    for (const kube::Pod& pod : effects.inspect) {
      gate.untaken(pod.meta.uid, untaken);
    }
    if (!effects.inspect.empty()) {
      take(gate.step());
    }
  }
  Gate::Effects take(Gate::Effects effects) {
    answers.insert(answers.end(), effects.answers.begin(), effects.answers.end());
    notices.insert(notices.end(), effects.notices.begin(), effects.notices.end());
    asks.insert(asks.end(), effects.asks.begin(), effects.asks.end());
    next = effects.next;
    return effects;
  }
  void removeAt(int revision) {
    gate.applyPods(upsert(deletedPod()));
    gate.applySlices(upsert(slice(revision, {"web-1:T"}), static_cast<std::uint64_t>(revision)));
  }
  GateReason reason() const {
    return answers.empty() ? GateReason{99} : answers.front().verdict.reason;
  }
};

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
            "SIGTERM released after 12 ms: 3 of 3 nodes removed the endpoint (revision 12)");
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].verdict->reason, GateReason::kAcknowledged);
  EXPECT_EQ(gate.held(), 0U);
}

TEST_F(GateTest, WaitsUntilTheApplicationHasTakenWhatWasSentBefore) {
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

TEST_F(GateTest, WaitsOnlySoLongForAnApplicationThatNeverAccepts) {
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

TEST_F(GateTest, DoesNotWaitForConnectionsThatItCannotSee) {
  gate.applyNodes(full({node("n1")}));
  removeAt(12);
  gate.setOwnWatermark(12);
  untaken = std::nullopt;
  gate.hold("g-web-1");
  step();
  EXPECT_EQ(reason(), GateReason::kAcknowledged);
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

TEST_F(GateTest, PassesAtOnceWhatNoSliceHolds) {
  gate.applyServices(full({}));
  gate.applyPods(full({deletedPod(30, "job-1")}));
  gate.hold("g-job-1");
  step();
  EXPECT_EQ(reason(), GateReason::kNoEndpoints);
}

TEST_F(GateTest, WaitsShortlyForTheSliceOfAReadySelectedPod) {
  gate.applyPods(full({deletedPod(30, "web-9")}));
  gate.hold("g-web-9");
  step();
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_TRUE(next);
  clock.advance(*next - clock.mono());
  step();
  EXPECT_EQ(reason(), GateReason::kNoEndpoints);
  EXPECT_EQ(answers[0].verdict.waited, seconds(2));
}

TEST_F(GateTest, AContainerRestartPassesAfterAShortWaitEachTime) {
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

TEST_F(GateTest, AnUnknownIdPassesAfterABoundedWait) {
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

TEST_F(GateTest, NamesTheNodesThatDidNotAnswerInTime) {
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
            "SIGTERM released after 20.0 s: time used up, 2 of 3 nodes removed the endpoint "
            "(revision 12), missing: n3");
}

TEST_F(GateTest, NamesTheSliceThatWasNotWritten) {
  gate.applyPods(upsert(deletedPod(6)));
  gate.hold("g-web-1");
  step();
  clock.advance(seconds(3));
  step();
  ASSERT_EQ(reason(), GateReason::kSlicesNotWritten);
  EXPECT_THAT(answers[0].verdict.text(), HasSubstr("default/web-abc"));
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

TEST_F(GateTest, RetriesAPeerThatFailedOrIsBehindAfterAPause) {
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

TEST_F(GateTest, AShortenedGracePeriodShortensTheWait) {
  removeAt(12);
  gate.hold("g-web-1");
  step();
  clock.advance(seconds(4));
  gate.applyPods(upsert(deletedPod(5)));
  step();
  EXPECT_EQ(reason(), GateReason::kNodesMissing);
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

TEST(GateNames, AreDistinct) {
  std::set<std::string_view> names;
  for (int reason = 0; reason <= static_cast<int>(GateReason::kNodesMissing); ++reason) {
    names.insert(name(static_cast<GateReason>(reason)));
  }
  for (int state = 0; state <= static_cast<int>(GateState::kPassed); ++state) {
    names.insert(name(static_cast<GateState>(state)));
  }
  EXPECT_EQ(names.size(), 12U);
}

}  // namespace
}  // namespace hitless::drain
