#include "sys/process/self_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "base/text.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

/// Field N of /proc/self/stat as proc(5) counts them, behind the name, which may hold anything.
std::uint64_t statField(const std::vector<std::string_view>& behindName, std::size_t number) {
  constexpr std::size_t kFirst = 3;
  const std::size_t index = number - kFirst;
  return index < behindName.size() ? parseUint(behindName[index]).value_or(0) : 0;
}

/// When the machine booted, in seconds since 1970.
double bootTime() {
  const auto text = readFile("/proc/stat");
  if (!text) {
    return 0;
  }
  for (const std::string_view line : split(*text, '\n')) {
    if (line.starts_with("btime ")) {
      return static_cast<double>(parseUint(line.substr(6)).value_or(0));
    }
  }
  return 0;
}

std::uint64_t countFds() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++count;
  }
  return count == 0 ? 0 : count - 1;  // The directory itself is open while we look.
}

}  // namespace

SelfStats selfStats() {
  SelfStats stats;
  const auto text = readFile("/proc/self/stat");
  const std::size_t name = text ? text->rfind(") ") : std::string::npos;
  if (name != std::string::npos) {
    const auto fields = split(std::string_view(*text).substr(name + 2), ' ');
    const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    stats.cpuSeconds = static_cast<double>(statField(fields, 14) + statField(fields, 15)) / ticks;
    stats.startTimeSeconds = bootTime() + static_cast<double>(statField(fields, 22)) / ticks;
    stats.virtualBytes = statField(fields, 23);
    stats.residentBytes = statField(fields, 24) * page;
  }
  stats.openFds = countFds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    stats.maxFds = limit.rlim_cur;
  }
  return stats;
}

}  // namespace hitless::sys
