#include "sys/doctor/private_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace hitless::sys {
namespace {

[[noreturn]] void become(const char* root, char* const* argv, int output) {
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char lock[] = "XTABLES_LOCKFILE=/dev/null";
  char* const environment[] = {path, lock, nullptr};
  const bool there = *root == '\0' || (::chroot(root) == 0 && ::chdir("/") == 0);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDERR_FILENO);
  ::dup2(output, STDOUT_FILENO);
  if (there) {
    ::execve(argv[0], argv, environment);
  }
  ::_exit(127);
}

/// Until the writer's end is closed; false if the time is over first.
bool readAll(int fd, std::chrono::steady_clock::time_point until, std::string& output) {
  constexpr std::size_t kMost = 64 << 10;
  char buffer[4096];
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd waited{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waited, 1, static_cast<int>(left.count())) != 1) {
      return false;
    }
    const ssize_t size = ::read(fd, buffer, sizeof buffer);
    if (size <= 0) {
      return true;
    }
    if (output.size() < kMost) {
      output.append(buffer, static_cast<std::size_t>(size));
    }
  }
}

}  // namespace

CommandResult runPrivately(const std::string& root, const std::vector<std::string>& argv,
                           nanoseconds timeout) {
  CommandResult result;
  std::vector<char*> arguments;
  for (const std::string& word : argv) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) {
    return result;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    become(root.c_str(), arguments.data(), pipe[1]);
  }
  ::close(pipe[1]);
  const auto until = std::chrono::steady_clock::now() + timeout;
  const bool ended = child > 0 && readAll(pipe[0], until, result.output);
  ::close(pipe[0]);
  if (child < 0) {
    return result;
  }
  if (!ended) {
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (ended && WIFEXITED(status) && WEXITSTATUS(status) != 127) {
    result.exitCode = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace hitless::sys
