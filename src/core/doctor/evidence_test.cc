#include "core/doctor/evidence.h"

#include <gmock/gmock.h>

namespace hitless::doctor {
namespace {

using ::testing::ElementsAre;

TEST(Matches, AStarStaysWithinItsFolder) {
  EXPECT_TRUE(
      matches("proc/sys/net/ipv4/conf/*/rp_filter", "proc/sys/net/ipv4/conf/eth0/rp_filter"));
  EXPECT_TRUE(matches("a/*", "a/"));
  EXPECT_TRUE(matches("a/cni*", "a/cni0"));
  EXPECT_FALSE(matches("a/*", "a/b/c"));
  EXPECT_FALSE(matches("a/*/c", "a/b/d"));
  EXPECT_FALSE(matches("a/*", "b/x"));
}

TEST(Evidence, GivesTheNewestAndTheOldest) {
  Evidence evidence;
  evidence.samples = {{{}, {{"x", " 1\n"}, {"y", "old"}}}, {nanoseconds(250), {{"x", "2"}}}};
  EXPECT_EQ(evidence.number("x"), 2);
  EXPECT_EQ(*evidence.findFirst("x"), " 1\n");
  EXPECT_EQ(*evidence.find("y"), "old");
  EXPECT_EQ(evidence.find("z"), nullptr);
  EXPECT_EQ(evidence.number("y"), std::nullopt);
  EXPECT_THAT(evidence.names("*"), ElementsAre("x", "y"));
  EXPECT_EQ(evidence.span(), nanoseconds(250));
}

}  // namespace
}  // namespace hitless::doctor
