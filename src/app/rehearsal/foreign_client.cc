#include "app/rehearsal/foreign_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "base/text.h"
#include "sys/process/namespaces.h"

namespace hitless::app {
namespace {

using std::chrono::steady_clock;

constexpr milliseconds kCheckTimeout{10'000};
constexpr std::size_t kMaxWords = 64 * 1024;
/// GNU Automake's convention for a test that cannot run here.
constexpr int kSkip = 77;

bool isFile(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool isProgram(const std::string& path) {
  return isFile(path) && ::access(path.c_str(), X_OK) == 0;
}

/// What a program that was asked to check itself said, and how it ended.
struct Verdict {
  std::string said;
  int status = 0;
  bool ended = false;
};

/// Reads until the other end closes or time is up.
std::string readUntil(int fd, steady_clock::time_point deadline) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    pollfd poll{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&poll, 1, static_cast<int>(left.count())) <= 0) {
      return text;
    }
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) {
      return text;
    }
    text.append(buffer, text.size() < kMaxWords ? static_cast<std::size_t>(got) : 0);
  }
}

[[noreturn]] void becomeCheck(const std::vector<std::string>& argv, const std::string& folder,
                              int output) {
  ::setsid();
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::setenv("HITLESS_CHECK", "1", 1);
  if (::chdir(folder.c_str()) == 0) {
    std::vector<char*> pointers;
    for (const std::string& word : argv) {
      pointers.push_back(const_cast<char*>(word.c_str()));
    }
    pointers.push_back(nullptr);
    ::execv(pointers[0], pointers.data());
  }
  fmt::print(stderr, "cannot be run: {}\n", osError(argv.front()).text());
  std::fflush(stderr);
  ::_exit(126);
}

Result<Verdict> runCheck(const std::vector<std::string>& argv, const std::string& folder) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) {
    return osFail("cannot make a pipe");
  }
  std::fflush(nullptr);
  const auto child = sys::cloneChild({}, [&]() -> int { becomeCheck(argv, folder, pipe[1]); });
  ::close(pipe[1]);
  if (!child) {
    ::close(pipe[0]);
    return tl::unexpected<Error>(child.error());
  }
  const auto deadline = steady_clock::now() + kCheckTimeout;
  Verdict verdict;
  verdict.said = readUntil(pipe[0], deadline);
  ::close(pipe[0]);
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
  pollfd poll{child->pidfd, POLLIN, 0};
  verdict.ended = ::poll(&poll, 1, std::max(1, static_cast<int>(left.count()))) > 0;
  ::kill(verdict.ended ? child->pid : -child->pid, SIGKILL);
  ::waitpid(child->pid, &verdict.status, 0);
  ::close(child->pidfd);
  return verdict;
}

std::string lastLine(const std::string& text) {
  const std::string_view trimmed = trim(text);
  const auto newline = trimmed.rfind('\n');
  return std::string(newline == std::string_view::npos ? trimmed : trimmed.substr(newline + 1));
}

}  // namespace

Result<std::vector<std::string>> clientCommand(const std::vector<std::string>& client,
                                               const std::string& folder) {
  std::vector<std::string> argv = client;
  const std::string own =
      argv.front().starts_with('/') ? argv.front() : folder + "/" + argv.front();
  if (isFile(own)) {
    if (!isProgram(own)) {
      return invalid(fmt::format("{} is not executable", own), "chmod +x, or name its interpreter");
    }
    argv.front() = own;
    return argv;
  }
  const char* path = std::getenv("PATH");
  for (const std::string_view place : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    const std::string candidate = fmt::format("{}/{}", place, argv.front());
    if (argv.front().find('/') == std::string::npos && isProgram(candidate)) {
      argv.front() = candidate;
      return argv;
    }
  }
  return fail(ErrorKind::kNotFound, fmt::format("there is no program '{}'", argv.front()),
              fmt::format("it is looked for in {} and in PATH", folder));
}

Status checkClient(const scenario::LoadLine& line, const std::string& folder) {
  const auto about = [&](Error error) {
    return tl::unexpected<Error>(std::move(error).about(fmt::format("load '{}'", line.name)));
  };
  const auto argv = clientCommand(line.client, folder);
  if (!argv) {
    return about(argv.error());
  }
  const Verdict verdict = TRY(runCheck(*argv, folder));
  if (!verdict.ended) {
    return about({ErrorKind::kInvalid,
                  fmt::format("'{}' did not end within {} s of its check", join(line.client, " "),
                              kCheckTimeout.count() / 1000),
                  {},
                  "with HITLESS_CHECK=1 it only looks for what it needs; see docs/scenarios.md",
                  0});
  }
  if (WIFEXITED(verdict.status) && WEXITSTATUS(verdict.status) == kSkip) {
    return about({ErrorKind::kUnsupported, "skip: " + lastLine(verdict.said), {}, {}, 0});
  }
  if (!WIFEXITED(verdict.status) || WEXITSTATUS(verdict.status) != 0) {
    return about(
        {ErrorKind::kInvalid,
         fmt::format("'{}' fails its check: {}", join(line.client, " "), lastLine(verdict.said)),
         {},
         {},
         0});
  }
  return {};
}

}  // namespace hitless::app
