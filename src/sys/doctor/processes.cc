#include "sys/doctor/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <ctime>
#include <memory>
#include <optional>

#include "base/text.h"

namespace hitless::sys {
namespace {

using doctor::Process;

/// Of /proc/PID/stat behind the command: state is field 3 of proc(5), the first here.
enum StatField : std::size_t { kState = 0, kParent = 1, kUser = 11, kSystem = 12, kStart = 19 };

/// More than a command line of a rule has; enough for any stat or cgroup.
constexpr std::size_t kMostBytes = 8192;

std::string readAt(int folder, const char* name) {
  const int fd = ::openat(folder, name, O_RDONLY | O_CLOEXEC);
  std::string text(kMostBytes, '\0');
  const ssize_t size = fd < 0 ? -1 : ::read(fd, text.data(), text.size());
  if (fd >= 0) {
    ::close(fd);
  }
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

std::string linkAt(int folder, const char* name) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(folder, name, target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

double secondsOf(std::string_view ticks) {
  static const auto kPerSecond = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return static_cast<double>(parseUint(ticks).value_or(0)) / kPerSecond;
}

double sinceBoot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// False if the process is gone.
bool readStat(int folder, Process& process) {
  const std::string line = readAt(folder, "stat");
  // The command is in brackets and may have blanks and brackets itself.
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) {
    return false;
  }
  process.name = line.substr(open + 1, close - open - 1);
  const auto fields = split(trim(std::string_view(line).substr(close + 1)), ' ');
  if (fields.size() <= kStart || fields[kState].empty()) {
    return false;
  }
  process.state = fields[kState].front();
  process.parent = static_cast<std::int32_t>(parseInt(fields[kParent]).value_or(0));
  process.cpuSeconds = secondsOf(fields[kUser]) + secondsOf(fields[kSystem]);
  process.ageSeconds = sinceBoot() - secondsOf(fields[kStart]);
  return true;
}

/// cgroup v2's path, else the longest of v1's: the pod is in all of them.
std::string cgroupOf(std::string_view text) {
  std::string_view longest;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t colon = line.find(':', line.find(':') + 1);
    if (line.find(':') == std::string_view::npos || colon == std::string_view::npos) {
      continue;
    }
    const std::string_view path = line.substr(colon + 1);
    if (line.starts_with("0::") && path.size() > 1) {
      return std::string(path);
    }
    longest = path.size() > longest.size() ? path : longest;
  }
  return std::string(longest);
}

std::vector<std::string> argumentsOf(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty() && text.back() == '\0') {
    text.remove_suffix(1);
  }
  if (text.empty()) {
    return words;
  }
  for (const std::string_view word : split(text, '\0')) {
    words.emplace_back(word);
  }
  return words;
}

std::optional<Process> readProcess(int proc, const char* name) {
  const int folder = ::openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    return std::nullopt;
  }
  Process process;
  process.pid = static_cast<std::int32_t>(parseInt(name).value_or(0));
  const bool there = readStat(folder, process);
  if (there) {
    process.executable = linkAt(folder, "exe");
    process.cgroup = cgroupOf(readAt(folder, "cgroup"));
    if (doctor::isPacketFilterTool(process.name)) {
      process.arguments = argumentsOf(readAt(folder, "cmdline"));
    }
    struct stat netns {};
    process.netns = ::fstatat(folder, "ns/net", &netns, 0) == 0 ? netns.st_ino : 0;
  }
  ::close(folder);
  return there ? std::optional(std::move(process)) : std::nullopt;
}

}  // namespace

Result<std::vector<Process>> readProcesses() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) {
    return osFail("cannot read /proc");
  }
  std::vector<Process> processes;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') {
      continue;
    }
    if (auto process = readProcess(::dirfd(folder.get()), entry->d_name)) {
      processes.push_back(*std::move(process));
    }
  }
  return processes;
}

Result<std::string> processes() {
  return doctor::renderProcesses(TRY(readProcesses()));
}

}  // namespace hitless::sys
