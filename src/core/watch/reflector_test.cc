#include "core/watch/reflector.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "testing/fake_clock.h"
#include "testing/fake_rng.h"
#include "testing/watch_lines.h"

namespace hitless::watch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::listItem;
using testing::listPage;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using testing::watchError;
using testing::watchEvent;

/// One whose server knows no WatchList.
Reflector pagingReflector(ReflectorOptions options, const Clock& clock, Rng& rng) {
  Reflector reflector(std::move(options), clock, rng);
  reflector.onWatchEnd(422);
  return reflector;
}

struct ReflectorTest : ::testing::Test {
  testing::FakeClock clock;
  testing::FakeRng rng;
  Reflector reflector =
      pagingReflector({"/api/v1/pods", "spec.nodeName=n1", "", 2, {}}, clock, rng);

  /// The names known after each update, as a consumer keeps them.
  std::map<std::string, std::uint64_t> known;
  std::uint64_t revision = 0;

  void take(const std::optional<Update>& update) {
    if (!update) {
      return;
    }
    if (update->kind == Update::Kind::kFull) {
      known.clear();
    }
    revision = update->revision;
    for (const Change& change : update->changes) {
      const std::string name(kube::text(*change.object, {"metadata", "name"}));
      if (change.type == ChangeType::kDelete) {
        known.erase(name);
      } else {
        known[name] =
            std::stoull(std::string(kube::text(*change.object, {"metadata", "resourceVersion"})));
      }
    }
  }
  void listOnce(int at, const std::string& items) {
    take(reflector.onPage(200, listPage(at, items)));
  }
};

TEST_F(ReflectorTest, ListsInPagesThenWatchesFromTheListsRevision) {
  EXPECT_EQ(reflector.state(), ReflectorState::kListing);
  EXPECT_EQ(reflector.step().target, "/api/v1/pods?limit=2&fieldSelector=spec.nodeName%3Dn1");
  EXPECT_FALSE(
      reflector.onPage(200, listPage(10, listItem("a", 3) + "," + listItem("b", 4), "tok/1")));
  EXPECT_EQ(reflector.step().target,
            "/api/v1/pods?limit=2&fieldSelector=spec.nodeName%3Dn1&continue=tok%2F1");
  const auto full = reflector.onPage(200, listPage(10, listItem("c", 5)));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->kind, Update::Kind::kFull);
  EXPECT_EQ(full->changes.size(), 3U);
  EXPECT_EQ(full->revision, 10U);
  EXPECT_EQ(reflector.state(), ReflectorState::kWatching);
  EXPECT_THAT(reflector.step().target,
              HasSubstr("watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds="));
  EXPECT_GE(reflector.step().time, seconds(120));
}

TEST_F(ReflectorTest, FollowsChangesAndBookmarks) {
  listOnce(10, listItem("a", 3));
  take(reflector.onLine(watchEvent("ADDED", "b", 11)));
  take(reflector.onLine(watchEvent("MODIFIED", "a", 12)));
  take(reflector.onLine(watchEvent("DELETED", "b", 13)));
  EXPECT_THAT(known, UnorderedElementsAre(::testing::Pair("a", 12U)));
  const auto bookmark = reflector.onLine(watchEvent("BOOKMARK", "", 40));
  ASSERT_TRUE(bookmark);
  EXPECT_EQ(bookmark->kind, Update::Kind::kIncremental);
  EXPECT_THAT(bookmark->changes, IsEmpty());
  EXPECT_EQ(bookmark->revision, 40U);
}

TEST_F(ReflectorTest, ResumesWhereItWasWhenAWatchEnds) {
  listOnce(10, "");
  take(reflector.onLine(watchEvent("BOOKMARK", "", 40)));
  reflector.onWatchEnd(200);
  EXPECT_EQ(reflector.state(), ReflectorState::kWatching);
  EXPECT_THAT(reflector.step().target, HasSubstr("resourceVersion=40&"));
}

TEST_F(ReflectorTest, ListsAgainWhenTheHistoryIsGone) {
  for (const bool refused : {false, true}) {
    listOnce(10, listItem("a", 3) + "," + listItem("b", 4));
    if (refused) {
      reflector.onWatchEnd(410);
    } else {
      EXPECT_FALSE(reflector.onLine(watchError(410)));
      EXPECT_THAT(reflector.trouble(), HasSubstr("410"));
    }
    ASSERT_EQ(reflector.state(), ReflectorState::kListing);
    EXPECT_THAT(reflector.step().target, Not(HasSubstr("continue")));
    listOnce(50, listItem("b", 44));
    EXPECT_THAT(known, ElementsAre(::testing::Pair("b", 44U)));
    EXPECT_EQ(revision, 50U);
  }
}

TEST_F(ReflectorTest, KnowsWhenTheServerSpokeLast) {
  EXPECT_FALSE(reflector.lastContact());
  listOnce(10, "");
  const MonoTime listed = clock.mono();
  EXPECT_EQ(reflector.lastContact(), listed);
  clock.advance(seconds(60));
  reflector.onWatchError({ErrorKind::kUnavailable, "reset", "", "", 0});
  EXPECT_EQ(reflector.lastContact(), listed);
  take(reflector.onLine(watchEvent("BOOKMARK", "", 40)));
  EXPECT_EQ(reflector.lastContact(), listed + seconds(60));
}

TEST_F(ReflectorTest, DropsWhatNobodyReads) {
  Reflector fresh = pagingReflector(
      {"/api/v1/nodes", "", "", 500, {{"status", "images"}, {"spec", "none", "such"}}}, clock, rng);
  const std::string object =
      R"({"metadata":{"name":"n","resourceVersion":"1","managedFields":[{"manager":"m"}],
      "annotations":{"a":"b","kubectl.kubernetes.io/last-applied-configuration":"{}"}},
      "status":{"images":[1,2,3],"phase":"x"}})";
  const std::string kept =
      R"({"metadata":{"name":"n","resourceVersion":"1","annotations":{"a":"b"}},"status":{"phase":"x"}})";
  const auto expected = kube::parseJson(kept);
  const auto full = fresh.onPage(200, listPage(10, object));
  ASSERT_TRUE(full);
  EXPECT_EQ(kube::json::value(*full->changes[0].object), *expected);
  const auto news = fresh.onLine(R"({"type":"MODIFIED","object":)" + object + "}");
  ASSERT_TRUE(news);
  EXPECT_EQ(kube::json::value(*news->changes[0].object), *expected);
}

TEST_F(ReflectorTest, AFailingServerIsAskedLessAndLess) {
  std::vector<milliseconds> pauses;
  for (int i = 0; i < 14; ++i) {
    reflector.onPageError({ErrorKind::kUnavailable, "connection refused", "", "", 0});
    if (reflector.state() == ReflectorState::kBackingOff) {
      pauses.push_back(std::chrono::duration_cast<milliseconds>(reflector.step().time));
      reflector.onBackoffOver();
    }
    EXPECT_EQ(reflector.state(), ReflectorState::kListing);
  }
  ASSERT_EQ(pauses.size(), 13U);  // The first failure is not waited for.
  for (std::size_t i = 0; i < pauses.size(); ++i) {
    const auto middle = std::min(milliseconds(100) * (1 << i), milliseconds(30000));
    EXPECT_GE(pauses[i], middle / 2);
    EXPECT_LE(pauses[i], middle * 3 / 2);
  }
  listOnce(10, "");
  EXPECT_THAT(reflector.trouble(), IsEmpty());
  reflector.onWatchError({ErrorKind::kUnavailable, "reset", "", "", 0});
  EXPECT_EQ(reflector.state(), ReflectorState::kWatching) << "success forgets old failures";
}

TEST_F(ReflectorTest, AnHourWithoutServerChangesNothing) {
  listOnce(10, listItem("a", 3));
  const MonoTime contact = clock.mono();
  int attempts = 0;
  while (clock.mono() - contact < seconds(3600)) {
    if (reflector.state() == ReflectorState::kBackingOff) {
      clock.advance(reflector.step().time);
      reflector.onBackoffOver();
    } else {
      ++attempts;
      reflector.onWatchError({ErrorKind::kUnavailable, "connection refused", "", "", 0});
    }
  }
  EXPECT_LT(attempts, 200) << "one each 30 s, in the mean";
  EXPECT_GT(attempts, 100);
  EXPECT_EQ(reflector.lastContact(), contact);
  EXPECT_THAT(known, ElementsAre(::testing::Pair("a", 3U)));
  if (reflector.state() == ReflectorState::kBackingOff) {
    reflector.onBackoffOver();
  }
  EXPECT_THAT(reflector.step().target, HasSubstr("resourceVersion=10&")) << "goes on where it was";
  take(reflector.onLine(watchEvent("ADDED", "b", 11)));
  EXPECT_EQ(reflector.lastContact(), clock.mono());
}

TEST_F(ReflectorTest, WatchesThatEndAtOncePauseAndLongOnesDoNot) {
  listOnce(10, "");
  reflector.onWatchEnd(200);
  reflector.onWatchEnd(200);
  ASSERT_EQ(reflector.state(), ReflectorState::kBackingOff);
  reflector.onBackoffOver();
  for (int i = 0; i < 20; ++i) {
    clock.advance(seconds(300));
    reflector.onWatchEnd(200);
    EXPECT_EQ(reflector.state(), ReflectorState::kWatching);
  }
}

TEST_F(ReflectorTest, RefusalsDecideWhetherThePositionStillHolds) {
  const struct {
    int status;
    bool relist;
    bool wait;
  } cases[] = {{429, false, true}, {500, false, true},  {502, false, true},
               {503, false, true}, {401, false, false}, {504, true, false},
               {404, true, false}, {403, true, false},  {400, true, false}};
  for (const auto& c : cases) {
    testing::FakeRng other;
    Reflector fresh = pagingReflector({"/api/v1/pods", "", "", 500, {}}, clock, other);
    fresh.onPage(200, listPage(10, ""));
    fresh.onWatchEnd(c.status);
    EXPECT_EQ(fresh.state() == ReflectorState::kBackingOff, c.wait) << c.status;
    if (c.wait) {
      EXPECT_GE(fresh.step().time, milliseconds(500));
      fresh.onBackoffOver();
    }
    EXPECT_EQ(fresh.state(), c.relist ? ReflectorState::kListing : ReflectorState::kWatching)
        << c.status;
  }
}

TEST_F(ReflectorTest, ListsAgainAfterALineThatIsNoEvent) {
  for (const char* line :
       {"", "garbage", "[]", "{}", R"({"type":"ADDED"})", R"({"type":"ADDED","object":7})",
        R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"x"}}})",
        R"({"type":"NEW","object":{"metadata":{"resourceVersion":"1"}}})", "{\"type\":\"\xff"}) {
    testing::FakeRng other;
    Reflector fresh = pagingReflector({"/api/v1/pods", "", "", 500, {}}, clock, other);
    fresh.onPage(200, listPage(10, ""));
    EXPECT_FALSE(fresh.onLine(line));
    EXPECT_EQ(fresh.state(), ReflectorState::kListing) << line;
    EXPECT_THAT(fresh.trouble(), Not(IsEmpty())) << line;
  }
}

TEST_F(ReflectorTest, BeginsAgainAfterAListThatMakesNoSense) {
  for (const char* body : {"", "null", "[]", "{}", R"({"metadata":{"resourceVersion":"1"}})",
                           R"({"metadata":{"resourceVersion":"-1"},"items":[]})", R"({"items":[]})",
                           R"({"metadata":{"resourceVersion":"1"},"items":{}})"}) {
    testing::FakeRng other;
    Reflector fresh = pagingReflector({"/api/v1/pods", "", "", 500, {}}, clock, other);
    EXPECT_FALSE(fresh.onPage(200, body));
    EXPECT_EQ(fresh.state(), ReflectorState::kListing) << body;
    EXPECT_FALSE(fresh.onPage(200, body));
    EXPECT_EQ(fresh.state(), ReflectorState::kBackingOff) << body;
  }
  EXPECT_TRUE(reflector.onPage(200, R"({"metadata":{"resourceVersion":"1"},"items":null})"))
      << "Go's nil slice";
}

TEST_F(ReflectorTest, AnExpiredContinueTokenForgetsThePages) {
  reflector.onPage(200, listPage(10, listItem("a", 3), "tok"));
  EXPECT_FALSE(reflector.onPage(410, "{}"));
  EXPECT_EQ(reflector.step().target, "/api/v1/pods?limit=0&fieldSelector=spec.nodeName%3Dn1")
      << "in pages it would be too slow again";
  listOnce(20, listItem("b", 15));
  EXPECT_THAT(known, ElementsAre(::testing::Pair("b", 15U)));
  reflector.onWatchEnd(410);
  EXPECT_THAT(reflector.step().target, HasSubstr("?limit=2&"));
}

TEST(Reflector, WhatAnOlderServerDoesNotServeIsEmptyIfThatIsAllowed) {
  testing::FakeClock clock;
  testing::FakeRng rng;
  ReflectorOptions options{"/apis/networking.k8s.io/v1/servicecidrs", "", "", 2, {}, true};
  Reflector reflector(options, clock, rng);
  reflector.onWatchEnd(404);
  ASSERT_EQ(reflector.state(), ReflectorState::kListing);
  const auto update = reflector.onPage(404, "{}");
  ASSERT_TRUE(update);
  EXPECT_EQ(update->kind, Update::Kind::kFull);
  EXPECT_THAT(update->changes, IsEmpty());
  EXPECT_EQ(reflector.state(), ReflectorState::kBackingOff);
  EXPECT_GE(reflector.step().time, seconds(300));
  // After an upgrade it is there.
  reflector.onBackoffOver();
  EXPECT_TRUE(reflector.onPage(200, listPage(7, listItem("kubernetes", 3))));
  EXPECT_EQ(reflector.state(), ReflectorState::kWatching);
}

}  // namespace
}  // namespace hitless::watch
