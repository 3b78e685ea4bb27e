#include "core/proxy/drain/forecast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hitless::proxy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr MonoTime kStart{std::chrono::hours(1)};

/// 99 short requests for each long one.
RecentDurations mixed(nanoseconds shortOne, nanoseconds longOne) {
  RecentDurations recent;
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 99; ++k) {
      recent.add(kStart, shortOne);
    }
    recent.add(kStart, longOne);
  }
  return recent;
}

DrainSettings graceOf(nanoseconds grace) {
  DrainSettings settings;
  settings.grace = grace;
  return settings;
}

TEST(RecentDurations, CountsWhatTookLonger) {
  const RecentDurations recent = mixed(milliseconds(10), seconds(10));
  EXPECT_EQ(recent.count(), 10'000U);
  EXPECT_EQ(recent.longest(), seconds(10));
  EXPECT_EQ(recent.longerThan(nanoseconds(0)), 10'000U);
  EXPECT_EQ(recent.longerThan(milliseconds(20)), 100U);
  EXPECT_EQ(recent.longerThan(seconds(10)), 0U);
}

TEST(RecentDurations, ForgetsWhatIsLongAgo) {
  RecentDurations recent;
  recent.add(kStart, seconds(50));
  recent.add(kStart + std::chrono::minutes(6), seconds(1));
  EXPECT_EQ(recent.longest(), seconds(50)) << "the last generation counts";
  recent.add(kStart + std::chrono::minutes(12), seconds(1));
  EXPECT_EQ(recent.longest(), seconds(1));
  recent.add(kStart + std::chrono::minutes(100), seconds(2));
  EXPECT_EQ(recent.count(), 1U);
}

TEST(RecentDurations, TakesAnyDuration) {
  RecentDurations recent;
  recent.add(kStart, nanoseconds(-1));
  recent.add(kStart, nanoseconds::max());
  EXPECT_EQ(recent.count(), 2U);
  EXPECT_EQ(recent.longerThan(std::chrono::hours(100)), 1U);
}

TEST(DrainForecast, ARequestThatOutlivedTheShortOnesIsALongOne) {
  const RecentDurations recent = mixed(milliseconds(10), seconds(10));
  const Forecast young = forecast({{nanoseconds(0)}, 0}, recent, graceOf(seconds(5)));
  ASSERT_TRUE(young.nothingCut);
  EXPECT_NEAR(*young.nothingCut, 0.99, 1e-9);
  EXPECT_LT(*young.median, milliseconds(15));

  const Forecast old = forecast({{seconds(2)}, 0}, recent, graceOf(seconds(5)));
  EXPECT_NEAR(*old.nothingCut, 0, 1e-9) << "8 s to go, 4 s to have";
  EXPECT_GT(*old.median, seconds(7));
  EXPECT_LE(*old.median, milliseconds(8001));
  EXPECT_NEAR(*forecast({{seconds(2)}, 0}, recent, graceOf(seconds(30))).nothingCut, 1, 1e-9);
}

TEST(DrainForecast, ManyRequestsAreLessLikelyToEndAll) {
  const RecentDurations recent = mixed(milliseconds(10), seconds(10));
  const std::vector<nanoseconds> ages(100, nanoseconds(0));
  const Forecast all = forecast({ages, 0}, recent, graceOf(seconds(5)));
  EXPECT_NEAR(*all.nothingCut, std::pow(0.99, 100), 1e-9);
  EXPECT_GT(*all.graceAdvised, seconds(10));
  EXPECT_LT(*all.graceAdvised, seconds(12));
}

TEST(DrainForecast, DoesNotForetellWhatItHasNotSeen) {
  const RecentDurations recent = mixed(milliseconds(10), seconds(10));
  const Forecast some = forecast({{seconds(11), nanoseconds(0)}, 3}, recent, graceOf(seconds(30)));
  EXPECT_EQ(some.inFlight, 5U);
  EXPECT_EQ(some.unknown, 4U);
  EXPECT_NEAR(*some.nothingCut, 1, 1e-9);
  EXPECT_THAT(renderForecast(some, graceOf(seconds(30))), HasSubstr("of these 4 can not be foret"));

  const Forecast none = forecast({{seconds(1)}, 0}, RecentDurations{}, graceOf(seconds(30)));
  EXPECT_EQ(none.unknown, 1U);
  EXPECT_FALSE(none.median);
  EXPECT_FALSE(none.nothingCut);
  EXPECT_THAT(renderForecast(none, graceOf(seconds(30))), Not(HasSubstr("would end")));
  EXPECT_FALSE(forecastToJson(none).contains("probabilityNothingCut"));
}

TEST(DrainForecast, NothingInFlightEndsNow) {
  const Forecast none = forecast({}, RecentDurations{}, graceOf(seconds(30)));
  EXPECT_EQ(none.median, nanoseconds(0));
  EXPECT_EQ(none.nothingCut, 1);
}

TEST(DrainForecast, IsText) {
  const RecentDurations recent = mixed(seconds(1), seconds(1));
  EXPECT_EQ(renderForecast(forecast({{milliseconds(500)}, 0}, recent, graceOf(seconds(30))),
                           graceOf(seconds(30))),
            "mode requests\n"
            "in flight 1, oldest 0.5 s\n"
            "all would end in 0.5 s (one half), 0.5 s (99.99 %), judging by 10000 requests\n"
            "probability that none of them is cut: 1.0000, with a grace period of 30.0 s\n");
  EXPECT_THAT(renderForecast(forecast({}, recent, DrainSettings{}), DrainSettings{}),
              HasSubstr("set TERMINATION_GRACE_PERIOD"));
}

TEST(DrainForecast, WorkersAreMerged) {
  RecentDurations one = mixed(milliseconds(10), seconds(10));
  one.merge(mixed(milliseconds(10), seconds(20)));
  EXPECT_EQ(one.count(), 20'000U);
  EXPECT_EQ(one.longest(), seconds(20));
}

}  // namespace
}  // namespace hitless::proxy
