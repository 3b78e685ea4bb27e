#include "sys/process/process.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/process/namespaces.h"

namespace hitless::sys {
namespace {

constexpr NamespaceSet kRootless{
    .user = true, .net = true, .pid = true, .mount = true, .uts = true, .ipc = true};

int exitStatus(const ChildProcess& child) {
  int status = 0;
  waitpid(child.pid, &status, 0);
  close(child.pidfd);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(CloneChild, IsProcessOneAndRootOfItsOwnWorld) {
  const auto child = cloneChild(kRootless, [] {
    return getpid() == 1 && geteuid() == 0 && if_nametoindex("lo") == 1 ? 42 : 1;
  });
  if (!child) {
    GTEST_SKIP() << child.error().text();
  }
  EXPECT_EQ(exitStatus(*child), 42);
}

TEST(CloneChild, DiesWithItsProcessOne) {
  int alivePipe[2];
  ASSERT_EQ(pipe(alivePipe), 0);
  const auto child = cloneChild(kRootless, [&] {
    close(alivePipe[0]);
    if (fork() == 0) {
      pause();
    }
    (void)!write(alivePipe[1], "x", 1);
    pause();
    return 0;
  });
  if (!child) {
    GTEST_SKIP() << child.error().text();
  }
  close(alivePipe[1]);
  char byte = 0;
  ASSERT_EQ(read(alivePipe[0], &byte, 1), 1);
  const auto process = processOf(child->pid);
  ASSERT_TRUE(process);
  EXPECT_EQ(childrenOf(child->pid).size(), 1U);
  ASSERT_TRUE(signalProcess(*process, SIGKILL));
  EXPECT_EQ(exitStatus(*child), -SIGKILL);
  // The grandchild holds the pipe's other end: end of file means that it died too.
  EXPECT_EQ(read(alivePipe[0], &byte, 1), 0);
  close(alivePipe[0]);
  EXPECT_FALSE(alive(*process));
}

TEST(JoinNamespaces, ReachesTheNetworkOfAnotherProcess) {
  int hold[2];
  ASSERT_EQ(pipe(hold), 0);
  const auto child = cloneChild(kRootless, [&] {
    close(hold[1]);
    char byte = 0;
    (void)!read(hold[0], &byte, 1);
    return 0;
  });
  if (!child) {
    GTEST_SKIP() << child.error().text();
  }
  close(hold[0]);
  const auto joiner = cloneChild({}, [&] {
    const auto joined = joinNamespaces(child->pid, {"user", "net"});
    return joined && if_nametoindex("eth0") == 0 ? 0 : 1;
  });
  ASSERT_TRUE(joiner);
  EXPECT_EQ(exitStatus(*joiner), 0);
  close(hold[1]);
  exitStatus(*child);
}

TEST(Process, KnowsItself) {
  EXPECT_FALSE(commandLineOf(getpid()).empty());
  EXPECT_TRUE(alive(*processOf(getpid())));
  EXPECT_FALSE(processOf(0x3fffffff));
  EXPECT_EQ(ownPath().substr(0, 1), "/");
}

}  // namespace
}  // namespace hitless::sys
