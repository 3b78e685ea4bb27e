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

TEST(Event, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(decode("{}"));
  EXPECT_FALSE(decode("[]"));
  EXPECT_FALSE(decode(R"({"what":"pod.dleted","t":1})"));
}

}  // namespace
}  // namespace hitless::timeline
