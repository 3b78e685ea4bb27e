#include "sys/container/machine.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

std::string line(const std::string& path) {
  return std::string(trim(readFile(path).value_or("")));
}

std::string prettyName() {
  const std::string text = readFile("/etc/os-release").value_or("");
  for (const std::string_view row : split(text, '\n')) {
    constexpr std::string_view kKey = "PRETTY_NAME=";
    if (row.starts_with(kKey)) {
      std::string value(row.substr(kKey.size()));
      std::erase(value, '"');
      return value;
    }
  }
  return "Linux";
}

}  // namespace

MachineFacts machineFacts() {
  MachineFacts out;
  out.cpus = std::max<std::int64_t>(1, ::sysconf(_SC_NPROCESSORS_ONLN));
  struct sysinfo info {};
  if (::sysinfo(&info) == 0) {
    out.memoryBytes = static_cast<std::int64_t>(info.totalram) * info.mem_unit;
  }
  utsname names{};
  if (::uname(&names) == 0) {
    out.kernelVersion = names.release;
    out.architecture = names.machine;
  }
  out.osImage = prettyName();
  out.machineId = line("/etc/machine-id");
  out.bootId = line("/proc/sys/kernel/random/boot_id");
  return out;
}

}  // namespace hitless::sys
