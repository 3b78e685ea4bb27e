#include "sys/container/child_program.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/text.h"

namespace hitless::sys {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) {
    out.push_back(word.data());
  }
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<ChildProgram> ChildProgram::prepare(
    const std::vector<std::string>& argv,
    const std::vector<std::pair<std::string, std::string>>& environment,
    const std::string& hostProgram) {
  if (argv.empty() || argv.front().empty()) {
    return invalid("there is no command to run", "give the container a command");
  }
  ChildProgram out;
  out.words_ = argv;
  std::string path(kDefaultPath);
  for (const auto& [name, value] : environment) {
    out.variables_.push_back(name + "=" + value);
    path = name == "PATH" ? value : path;
  }
  if (argv.front().find('/') != std::string::npos) {
    out.candidates_.push_back(argv.front());
  } else {
    for (const std::string_view directory : split(path, ':')) {
      out.candidates_.push_back(std::string(directory.empty() ? "." : directory) + "/" +
                                argv.front());
    }
  }
  if (!hostProgram.empty()) {
    out.program_ = Fd(::open(hostProgram.c_str(), O_RDONLY | O_CLOEXEC));
  }
  // Moving a vector does not move its elements, so the pointers stay good.
  out.argv_ = pointers(out.words_);
  out.environment_ = pointers(out.variables_);
  return out;
}

int ChildProgram::execute() const {
  int worst = ENOENT;
  for (const std::string& candidate : candidates_) {
    ::execve(candidate.c_str(), argv_.data(), environment_.data());
    if (errno != ENOENT && errno != ENOTDIR) {
      worst = errno;
    }
  }
  if (program_.valid()) {
    ::syscall(SYS_execveat, program_.get(), "", argv_.data(), environment_.data(), AT_EMPTY_PATH);
    worst = errno;
  }
  return worst;
}

void resetChild() {
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    ::sigaction(signal, &normal, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
}

bool redirectOutput(int input, int output, int error) {
  return ::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
         ::dup2(error, STDERR_FILENO) >= 0;
}

}  // namespace hitless::sys
