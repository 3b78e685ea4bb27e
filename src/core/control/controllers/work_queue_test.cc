#include "core/control/controllers/work_queue.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace hitless::control {
namespace {

TEST(WorkQueue, EachItemOnceInOrder) {
  hitless::testing::FakeClock clock;
  WorkQueue queue(clock);
  queue.add({0, "a"});
  queue.add({1, "a"});
  queue.add({0, "a"});
  EXPECT_EQ(queue.take(), (WorkItem{0, "a"}));
  queue.add({0, "a"});  // Changed while it is worked on: once more.
  EXPECT_EQ(queue.take(), (WorkItem{1, "a"}));
  EXPECT_EQ(queue.take(), (WorkItem{0, "a"}));
  EXPECT_EQ(queue.take(), std::nullopt);
  EXPECT_EQ(queue.nextWake(), std::nullopt);
}

TEST(WorkQueue, TheEarliestTimeCounts) {
  hitless::testing::FakeClock clock;
  WorkQueue queue(clock);
  queue.addAfter({0, "a"}, seconds(3));
  queue.addAfter({0, "a"}, seconds(1));
  queue.addAfter({0, "a"}, seconds(2));
  EXPECT_EQ(queue.nextWake(), clock.mono() + seconds(1));
  clock.advance(seconds(1));
  EXPECT_EQ(queue.take(), (WorkItem{0, "a"}));
  clock.advance(seconds(5));
  EXPECT_EQ(queue.take(), std::nullopt);
}

TEST(WorkQueue, RetriesBackOffFrom5MillisecondsTo1000Seconds) {
  hitless::testing::FakeClock clock;
  WorkQueue queue(clock);
  const WorkItem item{0, "a"};
  const auto retryDelay = [&] {
    queue.retry(item);
    const nanoseconds delay = *queue.nextWake() - clock.mono();
    clock.advance(delay);
    EXPECT_EQ(queue.take(), item);
    return delay;
  };
  EXPECT_EQ(retryDelay(), milliseconds(5));
  EXPECT_EQ(retryDelay(), milliseconds(10));
  for (int i = 0; i < 30; ++i) {
    (void)retryDelay();
  }
  EXPECT_EQ(retryDelay(), seconds(1000));
  queue.succeeded(item);
  EXPECT_EQ(retryDelay(), milliseconds(5));
}

}  // namespace
}  // namespace hitless::control
