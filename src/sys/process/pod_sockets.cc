#include "sys/process/pod_sockets.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include "base/text.h"
#include "core/drain/socket_table.h"

namespace hitless::sys {
namespace {

std::string readProc(pid_t pid, const char* name) {
  std::ifstream file(fmt::format("/proc/{}/net/{}", pid, name));
  return {std::istreambuf_iterator<char>(file), {}};
}

bool hasAddress(pid_t pid, const std::string& address) {
  return drain::isLocalAddress(readProc(pid, "fib_trie"), address);
}

/// A process in the network namespace that has the address; each namespace is looked at once.
std::optional<pid_t> processWith(const std::string& address) {
  std::set<ino_t> seen;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc"), ::closedir);
  while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    const auto pid = parseInt(entry->d_name);
    struct stat info {};
    if (!pid || ::stat(fmt::format("/proc/{}/ns/net", *pid).c_str(), &info) != 0 ||
        !seen.insert(info.st_ino).second) {
      continue;
    }
    if (hasAddress(static_cast<pid_t>(*pid), address)) {
      return static_cast<pid_t>(*pid);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> PodSockets::count(const IpAddress& pod) {
  const std::string address = pod.text();
  auto found = known_.find(pod);
  if (found == known_.end() || !hasAddress(found->second, address)) {
    const auto pid = processWith(address);
    if (!pid) {
      known_.erase(pod);
      return std::nullopt;
    }
    found = known_.insert_or_assign(pod, *pid).first;
  }
  return drain::untakenIn(readProc(found->second, "tcp"), readProc(found->second, "tcp6"));
}

}  // namespace hitless::sys
