#include "core/doctor/growth.h"

#include <gmock/gmock.h>

namespace hitless::doctor {
namespace {

using ::testing::IsEmpty;

MonoTime at(int s) {
  return MonoTime(seconds(s));
}

Gauge rules(std::uint64_t value) {
  return {"ip filter KUBE-ROUTER-INPUT: rules", value, 60'000, "each packet takes 10 ms"};
}

TEST(GrowthWatch, SaysHowFastAndUntilWhen) {
  GrowthWatch watch;
  EXPECT_THAT(watch.look(at(0), {rules(10'000)}), IsEmpty());
  EXPECT_THAT(watch.look(at(5), {rules(10'000)}), IsEmpty());
  const std::vector<Growth> grown = watch.look(at(60), {rules(12'000)});
  ASSERT_EQ(grown.size(), 1U);
  EXPECT_EQ(
      render(grown[0]),
      "ip filter KUBE-ROUTER-INPUT: rules 12,000 (+2,000, 2,000 a minute); in 24m each packet "
      "takes 10 ms");
}

TEST(GrowthWatch, SaysWhenTheLimitIsReachedAndWhenItShrinks) {
  GrowthWatch watch;
  watch.look(at(0), {rules(59'000)});
  EXPECT_EQ(render(watch.look(at(60), {rules(61'000)})[0]),
            "ip filter KUBE-ROUTER-INPUT: rules 61,000 (+2,000, 2,000 a minute); now each packet "
            "takes 10 ms");
  EXPECT_EQ(render(watch.look(at(120), {rules(3)})[0]),
            "ip filter KUBE-ROUTER-INPUT: rules 3 (-60,997, 29,499 a minute)");
}

TEST(GrowthWatch, ForgetsWhatIsOldAndWhatIsGone) {
  GrowthWatch watch;
  watch.look(at(0), {rules(0)});
  watch.look(at(660), {rules(100)});
  EXPECT_EQ(watch.look(at(720), {rules(200)})[0].perMinute, 100);
  watch.look(at(725), {});
  EXPECT_THAT(watch.look(at(730), {rules(900)}), IsEmpty());
}

}  // namespace
}  // namespace hitless::doctor
