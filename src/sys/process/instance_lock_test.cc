#include "sys/process/instance_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "testing/netns.h"
#include "testing/result.h"

namespace hitless::sys {
namespace {

using ::testing::HasSubstr;

TEST(InstanceLock, TheSecondIsToldWhoTheFirstIs) {
  testing::inNamespaces([] {
    const auto first = InstanceLock::take("hitless-test");
    ASSERT_OK(first);
    const auto second = InstanceLock::take("hitless-test");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
    EXPECT_THAT(second.error().text(), HasSubstr("process " + std::to_string(::getpid()) + " ("));
    EXPECT_TRUE(InstanceLock::take("hitless-test-2"));
  });
}

TEST(InstanceLock, IsFreeTheMomentItsHolderIsKilled) {
  testing::inNamespaces([] {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto held = InstanceLock::take("hitless-test");
      (void)!::write(ready[1], held ? "y" : "n", 1);
      ::pause();
      ::_exit(0);
    }
    char answer = 0;
    ASSERT_EQ(::read(ready[0], &answer, 1), 1);
    ASSERT_EQ(answer, 'y');
    const auto holder = InstanceLock::holderOf("hitless-test");
    ASSERT_OK(holder);
    ASSERT_TRUE(holder->has_value());
    EXPECT_EQ((*holder)->pid, child);
    // However often somebody asks, the answer stays right.
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(InstanceLock::holderOf("hitless-test")->has_value());
    }
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(InstanceLock::holderOf("hitless-test")->has_value());
    EXPECT_TRUE(InstanceLock::take("hitless-test"));
  });
}

}  // namespace
}  // namespace hitless::sys
