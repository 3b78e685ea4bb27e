#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/watch/reflector.h"
#include "testing/fake_clock.h"
#include "testing/fake_rng.h"
#include "testing/watch_lines.h"

namespace hitless::watch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::initialEventsEnd;
using testing::listItem;
using testing::listPage;
using ::testing::Not;
using testing::watchError;
using testing::watchEvent;

const Error kReset{ErrorKind::kUnavailable, "connection reset", "", "", 0};

struct WatchListTest : ::testing::Test {
  testing::FakeClock clock;
  testing::FakeRng rng;
  Reflector reflector{{"/api/v1/pods", "", "", 500, {}}, clock, rng};

  bool asksForWatchList() const {
    return reflector.state() == ReflectorState::kWatching &&
           reflector.step().target.find("sendInitialEvents=true") != std::string::npos;
  }
  void letBackoffPass() {
    if (reflector.state() == ReflectorState::kBackingOff) {
      reflector.onBackoffOver();
    }
  }
  void syncOnce(int revision = 10) { ASSERT_TRUE(reflector.onLine(initialEventsEnd(revision))); }

  static std::vector<std::string> names(const Update& update) {
    std::vector<std::string> out;
    for (const Change& change : update.changes) {
      EXPECT_EQ(change.type, ChangeType::kUpsert);
      out.emplace_back(kube::text(*change.object, {"metadata", "name"}));
    }
    return out;
  }
};

TEST_F(WatchListTest, GathersTheInitialEventsThenWatchesOnTheSameStream) {
  EXPECT_THAT(reflector.step().target,
              HasSubstr("/api/v1/pods?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&"
                        "resourceVersionMatch=NotOlderThan&timeoutSeconds="));
  EXPECT_LE(reflector.step().time, seconds(60)) << "the initial events come at once";
  const int number = reflector.step().number;
  EXPECT_FALSE(reflector.onLine(watchEvent("ADDED", "a", 3)));
  EXPECT_FALSE(reflector.onLine(watchEvent("BOOKMARK", "", 9))) << "not the marked one";
  EXPECT_FALSE(reflector.onLine(watchEvent("ADDED", "b", 4)));
  const auto full = reflector.onLine(initialEventsEnd(10));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->kind, Update::Kind::kFull);
  EXPECT_EQ(full->revision, 10U);
  EXPECT_THAT(names(*full), ElementsAre("a", "b"));
  EXPECT_EQ(reflector.step().number, number) << "the stream goes on";
  EXPECT_GE(reflector.step().time, seconds(120)) << "bookmarks come once a minute";
  const auto news = reflector.onLine(watchEvent("MODIFIED", "a", 11));
  ASSERT_TRUE(news);
  EXPECT_EQ(news->kind, Update::Kind::kIncremental);
  reflector.onWatchEnd(200);
  EXPECT_THAT(reflector.step().target, HasSubstr("resourceVersion=11&"));
  EXPECT_FALSE(asksForWatchList());
}

TEST_F(WatchListTest, TakesChangesThatComeAmongTheInitialEvents) {
  for (const auto& line : {watchEvent("ADDED", "a", 3), watchEvent("ADDED", "b", 4),
                           watchEvent("DELETED", "a", 11), watchEvent("MODIFIED", "b", 12),
                           watchEvent("ADDED", "c", 13), watchEvent("DELETED", "c", 14),
                           watchEvent("ADDED", "c", 15), watchEvent("DELETED", "unknown", 16)}) {
    EXPECT_FALSE(reflector.onLine(line));
  }
  const auto full = reflector.onLine(initialEventsEnd(16));
  ASSERT_TRUE(full);
  EXPECT_THAT(names(*full), ElementsAre("b", "c"));
  EXPECT_EQ(kube::text(*full->changes[0].object, {"metadata", "resourceVersion"}), "12");
}

TEST_F(WatchListTest, ListsInPagesForEverWhereItIsRefused) {
  for (const int status : {400, 405, 422}) {
    Reflector fresh({"/api/v1/pods", "", "", 500, {}}, clock, rng);
    fresh.onWatchEnd(status);
    EXPECT_EQ(fresh.state(), ReflectorState::kListing) << "a refusal is not waited for";
    EXPECT_THAT(fresh.trouble(), HasSubstr("WatchList refused with"));
    ASSERT_TRUE(fresh.onPage(200, listPage(10, listItem("a", 3))));
    fresh.onWatchEnd(410);
    EXPECT_EQ(fresh.state(), ReflectorState::kListing) << "remembered";
  }
}

TEST_F(WatchListTest, ABusyOrAbsentServerIsAskedForItAgain) {
  reflector.onWatchEnd(429);
  EXPECT_EQ(reflector.state(), ReflectorState::kBackingOff);
  letBackoffPass();
  EXPECT_TRUE(asksForWatchList());
  for (int i = 0; i < 5; ++i) {
    reflector.onWatchError(kReset);
    letBackoffPass();
    EXPECT_TRUE(asksForWatchList());
  }
  reflector.onWatchEnd(403);
  letBackoffPass();
  EXPECT_TRUE(asksForWatchList());
}

TEST_F(WatchListTest, TriesAListWhenTheInitialEventsDoNotCome) {
  const std::function<void(Reflector&)> faults[] = {
      [](Reflector& r) { r.onWatchEnd(200); },
      [](Reflector& r) { r.onLine(watchError(500)); },
      [](Reflector& r) { r.onLine("<html>"); },
      [](Reflector& r) { r.onLine(R"({"type":"NEW","object":{}})"); },
      [this](Reflector& r) {
        clock.advance(r.step().time);
        r.onWatchError({ErrorKind::kUnavailable, "nothing received", "", "", 0});
      },
      [this](Reflector& r) {  // It takes no notice of sendInitialEvents and never comes to an end.
        for (int i = 0; i < 11; ++i) {
          clock.advance(seconds(29));
          r.onLine(watchEvent("MODIFIED", "a", 20 + i));
        }
      }};
  for (const auto& fault : faults) {
    Reflector fresh({"/api/v1/pods", "", "", 500, {}}, clock, rng);
    fresh.onLine(watchEvent("ADDED", "stale", 3));
    const int number = fresh.step().number;
    fault(fresh);
    EXPECT_EQ(fresh.state(), ReflectorState::kListing);
    EXPECT_NE(fresh.step().number, number);
    EXPECT_THAT(fresh.trouble(), Not(""));
    const auto full = fresh.onPage(200, listPage(10, listItem("a", 3)));
    ASSERT_TRUE(full);
    EXPECT_THAT(names(*full), ElementsAre("a"));
    fresh.onWatchEnd(410);
    EXPECT_EQ(fresh.state(), ReflectorState::kListing) << "remembered";
  }
}

TEST_F(WatchListTest, AServerThatSaysNothingIsAskedInBothWaysInTurn) {
  std::vector<ReflectorState> asked;
  for (int i = 0; i < 4; ++i) {
    asked.push_back(reflector.state());
    clock.advance(reflector.step().time);
    const Error silence{ErrorKind::kUnavailable, "nothing received", "", "", 0};
    reflector.state() == ReflectorState::kListing ? reflector.onPageError(silence)
                                                  : reflector.onWatchError(silence);
    letBackoffPass();
  }
  EXPECT_THAT(asked, ElementsAre(ReflectorState::kWatching, ReflectorState::kListing,
                                 ReflectorState::kWatching, ReflectorState::kListing));
  EXPECT_FALSE(reflector.lastContact());
}

TEST_F(WatchListTest, ComesBackToItAfterAListInBetweenIfItWorkedOnce) {
  syncOnce();
  reflector.onLine(watchError(410));
  ASSERT_TRUE(asksForWatchList());
  reflector.onWatchEnd(200);
  letBackoffPass();
  ASSERT_EQ(reflector.state(), ReflectorState::kListing);
  ASSERT_TRUE(reflector.onPage(200, listPage(30, "")));
  reflector.onWatchEnd(410);
  EXPECT_TRUE(asksForWatchList());
}

TEST_F(WatchListTest, AnUnfinishedStateIsForgotten) {
  syncOnce();
  reflector.onLine(watchError(410));
  reflector.onLine(watchEvent("ADDED", "half", 3));
  reflector.onWatchError(kReset);
  letBackoffPass();
  ASSERT_TRUE(asksForWatchList());
  reflector.onLine(watchEvent("ADDED", "whole", 3));
  const auto full = reflector.onLine(initialEventsEnd(20));
  ASSERT_TRUE(full);
  EXPECT_THAT(names(*full), ElementsAre("whole"));
}

TEST_F(WatchListTest, AServerThatLostItsDataIsBelieved) {
  syncOnce(1000);
  reflector.onWatchEnd(504);
  letBackoffPass();
  const auto full = reflector.onLine(initialEventsEnd(7));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->revision, 7U);
}

}  // namespace
}  // namespace hitless::watch
