#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

#include "base/text.h"
#include "core/iptables/owners.h"
#include "sys/doctor/iptables_binaries.h"
#include "sys/doctor/processes.h"

namespace hitless::sys {
namespace {

constexpr std::size_t kMost = 8;
constexpr const char* kFolders[] = {"/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"};
constexpr const char* kK3s = "/var/lib/rancher/k3s/data";

class Places {
 public:
  /// A name that leads to a file which is known already is left out. Links of another root lead
  /// nowhere from here, so that the link itself is what is known.
  void add(const std::string& root, const std::string& path, const std::string& user) {
    struct stat file {};
    const std::string whole = root + path;
    const bool there =
        root.empty() ? ::stat(whole.c_str(), &file) == 0 : ::lstat(whole.c_str(), &file) == 0;
    if (there && list_.size() < kMost && seen_.insert({file.st_dev, file.st_ino}).second) {
      list_.push_back({root, path, user});
    }
  }
  std::vector<IptablesPlace> take() { return std::move(list_); }

 private:
  std::vector<IptablesPlace> list_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

void addNode(Places& places) {
  const char* path = ::getenv("PATH");
  for (const std::string_view folder : split(path == nullptr ? "" : path, ':')) {
    if (folder.starts_with('/')) {
      places.add("", std::string(folder) + "/iptables", "this node");
    }
  }
  for (const char* folder : kFolders) {
    places.add("", std::string(folder) + "/iptables", "this node");
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> data(
      ::opendir(kK3s), [](DIR* folder) { return folder == nullptr ? 0 : ::closedir(folder); });
  while (const dirent* entry = data ? ::readdir(data.get()) : nullptr) {
    if (entry->d_name[0] != '.') {
      places.add("", fmt::format("{}/{}/bin/aux/iptables", kK3s, entry->d_name), "K3s");
    }
  }
}

std::uint64_t mountsOf(std::int32_t pid) {
  struct stat file {};
  return ::stat(fmt::format("/proc/{}/ns/mnt", pid).c_str(), &file) == 0 ? file.st_ino : 0;
}

bool writesRules(const doctor::Process& process) {
  const auto runs = [&](const iptables::Owner* owner) {
    return std::ranges::any_of(
        owner->processes, [&](std::string_view name) { return process.name.starts_with(name); });
  };
  return std::ranges::any_of(iptables::owners(), runs);
}

void addContainers(Places& places) {
  const auto processes = readProcesses();
  const std::uint64_t own = mountsOf(::getpid());
  std::set<std::uint64_t> seen{own, 0};
  for (const doctor::Process& process : processes ? *processes : std::vector<doctor::Process>{}) {
    if (!writesRules(process) || !seen.insert(mountsOf(process.pid)).second) {
      continue;
    }
    const std::string root = fmt::format("/proc/{}/root", process.pid);
    for (const char* folder : kFolders) {
      places.add(root, std::string(folder) + "/iptables",
                 fmt::format("{} (pid {})", process.name, process.pid));
    }
  }
}

}  // namespace

std::vector<IptablesPlace> findIptables() {
  Places places;
  addNode(places);
  if (::geteuid() == 0) {
    addContainers(places);
  }
  return places.take();
}

}  // namespace hitless::sys
