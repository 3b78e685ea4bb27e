#include "sys/container/container.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>

#include "sys/clock/real_clock.h"
#include "sys/container/exec.h"
#include "sys/container/log_file.h"
#include "sys/container/root_plan.h"
#include "sys/container/sandbox.h"
#include "sys/files/files.h"
#include "testing/netns.h"
#include "testing/temp_folder.h"

namespace hitless::sys {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// A node's corner of the machine: a directory, a sandbox, and straight-line use of containers.
class Node {
 public:
  Node() {
    auto sandbox = Sandbox::create("pod-1", false, [] { return Status(); });
    EXPECT_TRUE(sandbox) << sandbox.error().text();
    sandbox_ = std::move(*sandbox);
  }

  ContainerConfig config(std::vector<std::string> argv) const {
    ContainerConfig out;
    out.name = "main";
    out.sandbox = &sandbox_;
    out.argv = std::move(argv);
    out.environment = {{"PATH", "/usr/bin:/bin"}, {"GREETING", "hello"}};
    out.workDir = folder_.path() / "work";
    return out;
  }

  Result<std::shared_ptr<Child>> start(const ContainerConfig& config) {
    auto log = LogFile::open(io, clock, logPath());
    EXPECT_TRUE(log) << log.error().text();
    std::optional<Result<std::shared_ptr<Child>>> out;
    startContainer(io, config, log->outputFd(), log->errorFd(),
                   [&](Result<std::shared_ptr<Child>> child) { out = std::move(child); });
    until([&] { return out.has_value(); });
    return std::move(*out);
  }

  /// Waits for the exit; with it for everything that the container has written.
  ChildExit wait(const std::shared_ptr<Child>& child) {
    std::optional<ChildExit> out;
    child->onExit([&](ChildExit exit) { out = exit; });
    until([&] { return out.has_value(); });
    io.poll();
    return *out;
  }

  ChildExit run(const ContainerConfig& config) {
    auto child = start(config);
    EXPECT_TRUE(child) << child.error().text();
    return child ? wait(*child) : ChildExit{-1, 0};
  }
  ChildExit sh(const std::string& script) { return run(config({"sh", "-c", script})); }

  ExecResult exec(const std::shared_ptr<Child>& child, const std::string& script,
                  std::optional<nanoseconds> timeout = std::nullopt) {
    std::optional<Result<ExecResult>> out;
    const auto execution =
        execIn(io, child->pidfd(), {{"sh", "-c", script}, {{"PATH", "/usr/bin:/bin"}}, "", timeout},
               [&](Result<ExecResult> result) { out = std::move(result); });
    until([&] { return out.has_value(); });
    EXPECT_TRUE(*out) << out->error().text();
    return *out ? **out : ExecResult{};
  }

  /// Waits until the log has a line with `text`.
  void untilLogged(const std::string& text) {
    until([&] { return log().find(text) != std::string::npos; });
  }
  std::string log() const { return readFile(logPath()).value_or(""); }
  std::string logPath() const { return folder_.path() / "logs/main/0.log"; }
  std::string directory() const { return folder_.path(); }

  void until(const std::function<bool()>& done) {
    while (!done()) {
      io.restart();
      io.run_one_for(std::chrono::seconds(10));
    }
  }

  boost::asio::io_context io;
  RealClock clock;

 private:
  testing::TempFolder folder_;
  Sandbox sandbox_;
};

std::size_t openFds() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST(Container, RunsAProgramAndKeepsItsOutput) {
  testing::inNamespaces([] {
    Node node;
    EXPECT_EQ(node.sh("echo $GREETING; echo oops >&2; hostname; exit 3").code, 3);
    EXPECT_THAT(node.log(), HasSubstr(" stdout F hello\n"));
    EXPECT_THAT(node.log(), HasSubstr(" stderr F oops\n"));
    EXPECT_THAT(node.log(), HasSubstr(" stdout F pod-1\n"));
  });
}

TEST(Container, IsProcessOneOfItsOwnWorld) {
  testing::inNamespaces([] {
    Node node;
    EXPECT_EQ(node.sh("echo pid $$; ls /proc | grep -c '^[0-9]'; cat /sys/class/net/lo/operstate;"
                      "ls /sys/fs >/dev/null && touch /tmp/a /run/b /dev/shm/c && echo free")
                  .code,
              0);
    EXPECT_THAT(node.log(), HasSubstr("pid 1\n"));
    EXPECT_THAT(node.log(), HasSubstr(" free\n"));
    EXPECT_FALSE(std::filesystem::exists("/run/b"));
  });
}

TEST(Container, AShellThatIsProcessOneIgnoresSigterm) {
  testing::inNamespaces([] {
    Node node;
    auto child = node.start(node.config({"sh", "-c", "echo up; sleep 1000; echo never"}));
    ASSERT_TRUE(child);
    node.untilLogged("up");
    ASSERT_TRUE((*child)->signal(SIGTERM));
    // It still answers after the signal has had its chance.
    EXPECT_EQ(node.exec(*child, "kill -0 1; echo alive").output, "alive\n");
    ASSERT_TRUE((*child)->signal(SIGKILL));
    EXPECT_EQ(node.wait(*child).code, 137);
  });
}

TEST(Container, AHandlerForSigtermIsCalled) {
  testing::inNamespaces([] {
    Node node;
    auto child = node.start(
        node.config({"sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; sleep 1000 & wait"}));
    ASSERT_TRUE(child);
    node.untilLogged("up");
    ASSERT_TRUE((*child)->signal(SIGTERM));
    EXPECT_EQ(node.wait(*child).code, 7);
    EXPECT_THAT(node.log(), HasSubstr("bye"));
  });
}

TEST(Container, CommandsRunInsideIt) {
  testing::inNamespaces([] {
    Node node;
    auto child = node.start(node.config({"sleep", "1000"}));
    ASSERT_TRUE(child);
    const ExecResult seen = node.exec(*child, "cat /proc/1/comm; hostname; exit 3");
    EXPECT_EQ(seen.exit.code, 3);
    EXPECT_EQ(seen.output, "sleep\npod-1\n");
    const ExecResult slow = node.exec(*child, "sleep 1000", milliseconds{50});
    EXPECT_TRUE(slow.timedOut);
    EXPECT_EQ(slow.exit.code, 137);
    ASSERT_TRUE((*child)->signal(SIGKILL));
    node.wait(*child);
  });
}

TEST(Container, SystemDirectoriesAreWritableAndForgotten) {
  testing::inNamespaces([] {
    Node node;
    EXPECT_EQ(node.sh("echo x > /etc/hitless-test && echo y > /var/hitless-test && "
                      "rm /etc/passwd && mkdir /usr/share/hitless-test && mkdir /hitless-test")
                  .code,
              0)
        << node.log();
    EXPECT_FALSE(std::filesystem::exists("/etc/hitless-test"));
    EXPECT_FALSE(std::filesystem::exists("/hitless-test"));
    EXPECT_TRUE(std::filesystem::exists("/etc/passwd"));
    ContainerConfig locked = node.config({"touch", "/etc/hitless-test"});
    locked.readOnlyRoot = true;
    EXPECT_EQ(node.run(locked).code, 1);
  });
}

TEST(Container, HasTheCapabilitiesThatItWasGiven) {
  testing::inNamespaces([] {
    Node node;
    const std::string script =
        "sed -n 's/^CapEff:.//p; s/^CapBnd:.//p; s/^Uid:.//p' /proc/self/status";
    ContainerConfig ruler = node.config({"sh", "-c", script});
    ruler.capabilities = node::capabilitiesOf({"NET_ADMIN"}, {"ALL"});
    ruler.uid = 0;
    node.run(ruler);
    EXPECT_THAT(node.log(), HasSubstr("0000000000001000"));
    EXPECT_THAT(node.log(), Not(HasSubstr("00000000a80425fb"))) << "what containers have else";
    node.sh(script);
    EXPECT_THAT(node.log(), HasSubstr("00000000a80425fb"));
  });
}

TEST(Container, DropsTheCapabilityThatItsUserNeedsOnlyAfterwards) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "nobody but root can become somebody else";
  }
  Node node;
  ContainerConfig proxy =
      node.config({"sh", "-c", "id -u; sed -n 's/^CapEff:.//p' /proc/self/status"});
  proxy.capabilities = 0;
  proxy.uid = 1337;
  node.run(proxy);
  EXPECT_THAT(node.log(), HasSubstr("1337"));
  EXPECT_THAT(node.log(), HasSubstr("0000000000000000"));
}

TEST(Container, SeesItsVolumesAndNotTheNodesState) {
  testing::inNamespaces([] {
    Node node;
    const std::string volume = node.directory() + "/volume";
    ASSERT_TRUE(makeDirectories(volume + "/sub", 0755));
    ASSERT_TRUE(writeFile(volume + "/file", "content\n", 0644));
    ASSERT_TRUE(writeFile(volume + "/sub/inner", "inner\n", 0644));
    ASSERT_TRUE(writeFile(node.directory() + "/hosts", "1.2.3.4 me\n", 0644));
    ContainerConfig config = node.config(
        {"sh", "-c",
         "cat /data/deep/file /var/run/secrets/token /only; cat /etc/hosts; echo new > /rw/made;"
         "touch /data/deep/no || echo read-only"});
    config.mounts = {{volume, "", "/data/deep", true, false},
                     {volume, "", "/rw", false, false},
                     {volume + "/sub/inner", "", "/var/run/secrets/token", true, false},
                     {volume, "sub/inner", "/only", false, false},
                     {node.directory() + "/hosts", "", "/etc/hosts", false, true}};
    EXPECT_EQ(node.run(config).code, 0) << node.log();
    EXPECT_THAT(node.log(), HasSubstr("content\n"));
    EXPECT_THAT(node.log(), HasSubstr("1.2.3.4 me\n"));
    EXPECT_THAT(node.log(), HasSubstr("read-only\n"));
    EXPECT_EQ(*readFile(volume + "/made"), "new\n");
  });
}

TEST(Container, AnImageDirectoryIsTheWholeRoot) {
  testing::inNamespaces([] {
    Node node;
    const std::string image = node.directory() + "/image";
    ASSERT_TRUE(makeDirectories(image + "/bin", 0755));
    ContainerConfig config = node.config({"/bin/nothing"});
    config.rootDirectory = image;
    const auto child = node.start(config);
    ASSERT_FALSE(child);
    EXPECT_THAT(child.error().text(), HasSubstr("executing the command: No such file"));
    EXPECT_FALSE(std::filesystem::exists(image + "/proc")) << "the image must stay as it is";
  });
}

TEST(Container, WhatCannotStartSaysWhichStepFailed) {
  testing::inNamespaces([] {
    Node node;
    const auto missing = node.start(node.config({"no-such-program"}));
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().text(), HasSubstr("is \"no-such-program\" installed"));
    ContainerConfig volume = node.config({"true"});
    volume.mounts = {{node.directory() + "/absent", "", "/x", false, false}};
    EXPECT_THAT(node.start(volume).error().text(), HasSubstr("opening a volume"));
    EXPECT_FALSE(node.start(node.config({})));
  });
}

TEST(Container, AHundredStartsLeaveNothingBehind) {
  testing::inNamespaces([] {
    Node node;
    EXPECT_EQ(node.sh("true").code, 0);
    const std::size_t before = openFds();
    const std::string mounts = *readFile("/proc/self/mountinfo");
    for (int i = 0; i < 100; ++i) {
      auto sandbox = Sandbox::create("pod", false, [] { return Status(); });
      ASSERT_TRUE(sandbox);
      ContainerConfig config = node.config({"true"});
      config.sandbox = &*sandbox;
      ASSERT_EQ(node.run(config).code, 0);
    }
    EXPECT_EQ(openFds(), before);
    EXPECT_EQ(*readFile("/proc/self/mountinfo"), mounts);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  });
}

TEST(Container, DiesWithItsNode) {
  testing::inNamespaces([] {
    int alive[2];
    ASSERT_EQ(::pipe(alive), 0);
    const pid_t node = ::fork();
    if (node == 0) {
      ::close(alive[0]);
      Node inner;
      ContainerConfig config = inner.config({"sleep", "1000"});
      // The container holds the pipe open as its standard output.
      std::optional<Result<std::shared_ptr<Child>>> child;
      startContainer(inner.io, config, alive[1], alive[1],
                     [&](Result<std::shared_ptr<Child>> out) { child = std::move(out); });
      inner.until([&] { return child.has_value(); });
      const char up = *child ? 'u' : 'x';
      [[maybe_unused]] const auto written = ::write(alive[1], &up, 1);
      std::filesystem::remove_all(inner.directory());
      ::kill(::getpid(), SIGKILL);
    }
    ::close(alive[1]);
    char byte = 0;
    ASSERT_EQ(::read(alive[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'u');
    EXPECT_EQ(::read(alive[0], &byte, 1), 0) << "ends when the last holder of the pipe is gone";
    ::waitpid(node, nullptr, 0);
    ::close(alive[0]);
  });
}

TEST(RootPlan, MountPointsAreUnescaped) {
  EXPECT_THAT(mountPoints("36 35 98:0 / /mnt/my\\040disk rw - ext3 /dev/root rw\nshort\n"),
              Contains("/mnt/my disk"));
  EXPECT_THAT(mountPoints(""), Not(Contains(::testing::_)));
}

}  // namespace
}  // namespace hitless::sys
