#include "core/report/outage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/report/attribution_fixture.h"

namespace hitless::report {
namespace {

using ::testing::HasSubstr;
using enum FailureClass;

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

}  // namespace
}  // namespace hitless::report
