#include "core/timeline/event.h"

#include <gtest/gtest.h>

namespace hitless::timeline {
namespace {

TEST(Event, RoundTripsThroughOneLine) {
  Event event;
  event.time = WallTime{nanoseconds{1234567890123456789}};
  event.what = What::kRulesCommitted;
  event.node = "node-1";
  event.revision = 42;
  event.detail = "3 elements";
  const auto decoded = decode(encode(event));
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(*decoded, event);
}

TEST(Event, KeepsKindsOfOtherVersions) {
  const std::string line = R"({"t":1,"what":"moon.rose","node":"node-1"})";
  const auto decoded = decode(line);
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(decoded->what, What::kUnknown);
  EXPECT_EQ(name(*decoded), "moon.rose");
  EXPECT_EQ(encode(*decoded), line);
}

TEST(Event, EveryKindHasANameOfItsOwn) {
  for (int i = 0; i < static_cast<int>(What::kUnknown); ++i) {
    const auto what = static_cast<What>(i);
    EXPECT_EQ(whatOf(name(what)), what) << i;
  }
}

TEST(Event, RefusesWhatIsNoEvent) {
  EXPECT_FALSE(decode("{}"));
  EXPECT_FALSE(decode("[]"));
  EXPECT_FALSE(decode(R"({"what":7,"t":1})"));
}

}  // namespace
}  // namespace hitless::timeline
