#include "sys/process/process.h"

#include <dirent.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/text.h"

namespace hitless::sys {
namespace {

struct Stat {
  pid_t parent = 0;
  std::uint64_t startTime = 0;
  char state = 0;
};

std::optional<Stat> statOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  // The second field is the command in brackets and may itself contain blanks and brackets.
  const auto end = line.rfind(')');
  if (end == std::string::npos) {
    return std::nullopt;
  }
  const auto fields = split(trim(std::string_view(line).substr(end + 1)), ' ');
  if (fields.size() < 20) {
    return std::nullopt;
  }
  return Stat{static_cast<pid_t>(parseInt(fields[1]).value_or(0)),
              parseUint(fields[19]).value_or(0), fields[0].empty() ? '?' : fields[0][0]};
}

int openPidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace

std::optional<ProcessId> processOf(pid_t pid) {
  const auto stat = statOf(pid);
  return stat ? std::optional<ProcessId>({pid, stat->startTime}) : std::nullopt;
}

bool alive(const ProcessId& process) {
  const auto stat = statOf(process.pid);
  return stat && stat->startTime == process.startTime && stat->state != 'Z' && stat->state != 'X';
}

Status signalProcess(const ProcessId& process, int signal) {
  const int fd = openPidfd(process.pid);
  if (fd < 0 || processOf(process.pid) != process) {
    if (fd >= 0) {
      ::close(fd);
    }
    return fail(ErrorKind::kNotFound, fmt::format("process {} is gone", process.pid));
  }
  const bool ok = ::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) == 0;
  const int err = errno;
  ::close(fd);
  if (!ok) {
    return osFail(fmt::format("cannot signal process {}", process.pid), err);
  }
  return {};
}

bool waitGone(const ProcessId& process, nanoseconds timeout) {
  const int fd = openPidfd(process.pid);
  if (fd < 0) {
    return true;
  }
  bool gone = !alive(process);
  if (!gone) {
    pollfd poll{fd, POLLIN, 0};
    const auto ms = std::chrono::ceil<milliseconds>(timeout).count();
    gone = ::poll(&poll, 1, static_cast<int>(ms)) > 0;
  }
  ::close(fd);
  return gone;
}

std::vector<pid_t> childrenOf(pid_t parent) {
  std::vector<pid_t> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc"), ::closedir);
  while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    const auto pid = parseInt(entry->d_name);
    const auto stat = pid ? statOf(static_cast<pid_t>(*pid)) : std::nullopt;
    if (stat && stat->parent == parent) {
      children.push_back(static_cast<pid_t>(*pid));
    }
  }
  return children;
}

std::vector<std::string> commandLineOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", pid));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<std::string> words;
  if (text.empty()) {
    return words;
  }
  text.pop_back();
  for (const std::string_view word : split(text, '\0')) {
    words.emplace_back(word);
  }
  return words;
}

std::string ownPath() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

}  // namespace hitless::sys
