#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

/// Kernel tests in namespaces of their own: as any user, and never on the host's network.
namespace hitless::testing {

inline bool writeProcFile(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool done =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) {
    ::close(fd);
  }
  return done;
}

/// Moves the calling process into a new user and network namespace, as root of both.
inline bool enterNewNamespaces() {
  const uid_t uid = ::getuid();
  const gid_t gid = ::getgid();
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
         writeProcFile("/proc/self/setgroups", "deny") &&
         writeProcFile("/proc/self/uid_map", fmt::format("0 {} 1", uid)) &&
         writeProcFile("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

/// Runs `body` in a child process inside new user and network namespaces; its gtest failures fail
/// the calling test. Skips the test where the machine forbids unprivileged namespaces.
template <class Body>
void inNamespaces(Body body) {
  constexpr int kForbidden = 77;
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!enterNewNamespaces()) {
      ::_exit(kForbidden);
    }
    body();
    std::fflush(nullptr);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kForbidden) {
    GTEST_SKIP() << "user or network namespaces are not allowed here";
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "the body in the namespace failed or died; wait status " << status;
}

/// What a command of the machine prints; for checking our work with other people's tools.
inline std::string outputOf(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    return output;
  }
  char buffer[4096];
  for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    output.append(buffer, size);
  }
  ::pclose(pipe);
  return output;
}

}  // namespace hitless::testing
