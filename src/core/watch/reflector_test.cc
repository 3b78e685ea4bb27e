#include "core/watch/reflector.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "testing/fake_clock.h"
#include "testing/fake_rng.h"

namespace hitless::watch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::string item(std::string_view name, int revision) {
  return fmt::format(R"({{"metadata":{{"name":"{}","resourceVersion":"{}"}}}})", name, revision);
}
std::string event(std::string_view type, std::string_view name, int revision) {
  return fmt::format(R"({{"type":"{}","object":{}}})", type, item(name, revision));
}
std::string page(int revision, std::string_view items, std::string_view more = "") {
  return fmt::format(R"({{"metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
                     revision, more, items);
}

struct ReflectorTest : ::testing::Test {
  testing::FakeClock clock;
  testing::FakeRng rng;
  Reflector reflector{{"/api/v1/pods", "spec.nodeName=n1", "", 2}, clock, rng};

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
  void listOnce(int at, const std::string& items) { take(reflector.onPage(200, page(at, items))); }
};

TEST_F(ReflectorTest, ListsInPagesThenWatchesFromTheListsRevision) {
  EXPECT_EQ(reflector.state(), ReflectorState::kListing);
  EXPECT_EQ(reflector.step().target, "/api/v1/pods?limit=2&fieldSelector=spec.nodeName%3Dn1");
  EXPECT_FALSE(reflector.onPage(200, page(10, item("a", 3) + "," + item("b", 4), "tok/1")));
  EXPECT_EQ(reflector.step().target,
            "/api/v1/pods?limit=2&fieldSelector=spec.nodeName%3Dn1&continue=tok%2F1");
  const auto full = reflector.onPage(200, page(10, item("c", 5)));
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
  listOnce(10, item("a", 3));
  take(reflector.onLine(event("ADDED", "b", 11)));
  take(reflector.onLine(event("MODIFIED", "a", 12)));
  take(reflector.onLine(event("DELETED", "b", 13)));
  EXPECT_THAT(known, UnorderedElementsAre(::testing::Pair("a", 12U)));
  const auto bookmark = reflector.onLine(event("BOOKMARK", "", 40));
  ASSERT_TRUE(bookmark);
  EXPECT_EQ(bookmark->kind, Update::Kind::kIncremental);
  EXPECT_THAT(bookmark->changes, IsEmpty());
  EXPECT_EQ(bookmark->revision, 40U);
}

TEST_F(ReflectorTest, ResumesWhereItWasWhenAWatchEnds) {
  listOnce(10, "");
  take(reflector.onLine(event("BOOKMARK", "", 40)));
  reflector.onWatchEnd(200);
  EXPECT_EQ(reflector.state(), ReflectorState::kWatching);
  EXPECT_THAT(reflector.step().target, HasSubstr("resourceVersion=40&"));
}

TEST_F(ReflectorTest, ListsAgainWhenTheHistoryIsGone) {
  const char* gone =
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})";
  for (const bool refused : {false, true}) {
    listOnce(10, item("a", 3) + "," + item("b", 4));
    if (refused) {
      reflector.onWatchEnd(410);
    } else {
      EXPECT_FALSE(reflector.onLine(gone));
      EXPECT_THAT(reflector.trouble(), HasSubstr("410"));
    }
    ASSERT_EQ(reflector.state(), ReflectorState::kListing);
    EXPECT_THAT(reflector.step().target, Not(HasSubstr("continue")));
    listOnce(50, item("b", 44));
    EXPECT_THAT(known, ElementsAre(::testing::Pair("b", 44U)));
    EXPECT_EQ(revision, 50U);
  }
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
  } cases[] = {{429, false}, {500, false}, {503, false}, {504, true},
               {404, true},  {403, true},  {400, true}};
  for (const auto& c : cases) {
    testing::FakeRng other;
    Reflector fresh({"/api/v1/pods", "", "", 500}, clock, other);
    fresh.onPage(200, page(10, ""));
    fresh.onWatchEnd(c.status);
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
    Reflector fresh({"/api/v1/pods", "", "", 500}, clock, other);
    fresh.onPage(200, page(10, ""));
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
    Reflector fresh({"/api/v1/pods", "", "", 500}, clock, other);
    EXPECT_FALSE(fresh.onPage(200, body));
    EXPECT_EQ(fresh.state(), ReflectorState::kListing) << body;
    EXPECT_FALSE(fresh.onPage(200, body));
    EXPECT_EQ(fresh.state(), ReflectorState::kBackingOff) << body;
  }
  EXPECT_TRUE(reflector.onPage(200, R"({"metadata":{"resourceVersion":"1"},"items":null})"))
      << "Go's nil slice";
}

TEST_F(ReflectorTest, AnExpiredContinueTokenForgetsThePages) {
  reflector.onPage(200, page(10, item("a", 3), "tok"));
  EXPECT_FALSE(reflector.onPage(410, "{}"));
  EXPECT_THAT(reflector.step().target, Not(HasSubstr("continue")));
  listOnce(20, item("b", 15));
  EXPECT_THAT(known, ElementsAre(::testing::Pair("b", 15U)));
}

}  // namespace
}  // namespace hitless::watch
