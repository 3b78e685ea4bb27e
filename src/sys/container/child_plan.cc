#include <fmt/format.h>

#include <array>

#include "sys/container/child_setup.h"
#include "sys/container/sandbox.h"

namespace hitless::sys {
namespace {

constexpr std::array<const char*, 6> kDevices = {"null",   "zero",    "full",
                                                 "random", "urandom", "tty"};

/// overlayfs separates options by commas and lower layers by colons.
std::string escapeOption(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == ',' || c == ':' || c == '\\') {
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out;
}

}  // namespace

Result<ChildSetup> ChildSetup::prepare(const ContainerConfig& config) {
  ChildSetup out;
  out.program_ = TRY(ChildProgram::prepare(config.argv, config.environment, config.program));
  out.root_ = config.workDir + "/root";
  out.scratch_ = config.workDir + "/scratch";
  out.fromHost_ = config.rootDirectory.empty();
  if (out.fromHost_) {
    out.planRoot(config, TRY(planHostRoot(config.hidden)));
  } else {
    out.planImageRoot(config);
  }
  out.planDevices();
  std::size_t longest = config.workingDir.size();
  for (const ContainerMount& mount : config.mounts) {
    if (!mount.target.starts_with('/')) {
      return invalid(fmt::format("mount path \"{}\" is not absolute", mount.target));
    }
    struct stat info {};
    const std::string source =
        mount.subPath.empty() ? mount.source : mount.source + "/" + mount.subPath;
    const bool isFile = ::stat(source.c_str(), &info) == 0 && !S_ISDIR(info.st_mode);
    out.mounts_.push_back({mount, isFile, -1});
    longest = std::max(longest, mount.target.size());
  }
  out.path_.resize(longest + 2);
  out.workingDir_ = config.workingDir;
  if (config.sandbox != nullptr) {
    out.network_ = config.sandbox->network();
    out.ipc_ = config.sandbox->ipc();
    out.uts_ = config.sandbox->uts();
  }
  out.readOnlyRoot_ = config.readOnlyRoot;
  out.privileged_ = config.privileged;
  out.capabilities_ = config.capabilities;
  out.uid_ = config.uid;
  out.gid_ = config.gid;
  return out;
}

void ChildSetup::addOverlay(const RootEntry& entry, const std::string& target) {
  const std::string place = fmt::format("{}/{}", scratch_, overlays_.size());
  overlays_.push_back(
      {target, place + "-upper", place + "-work",
       fmt::format("lowerdir={},upperdir={}-upper,workdir={}-work", escapeOption(entry.source),
                   escapeOption(place), escapeOption(place)),
       entry});
}

void ChildSetup::planRoot(const ContainerConfig& config, const RootPlan& plan) {
  for (const RootEntry& entry : plan.entries) {
    const std::string target = root_ + "/" + entry.name;
    switch (entry.kind) {
      case RootEntry::Kind::kLink:
        links_.push_back({target, entry.source});
        continue;
      case RootEntry::Kind::kOverlay:
        addOverlay(entry, target);
        break;
      case RootEntry::Kind::kBind:
        binds_.push_back({entry.source, target});
        break;
    }
    directories_.push_back(target);
  }
  for (const std::string& point : plan.nested) {
    nested_.push_back({point, root_ + point});
  }
  for (const std::string& hidden : config.hidden) {
    covered_.push_back(root_ + hidden);
  }
}

void ChildSetup::planImageRoot(const ContainerConfig& config) {
  struct stat info {};
  RootEntry entry{RootEntry::Kind::kOverlay, config.rootDirectory, "", 0755, 0, 0};
  if (::stat(config.rootDirectory.c_str(), &info) == 0) {
    entry.mode = info.st_mode & 07777;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
  }
  addOverlay(entry, root_);
}

void ChildSetup::planDevices() {
  proc_ = root_ + "/proc";
  sys_ = root_ + "/sys";
  dev_ = root_ + "/dev";
  tmp_ = root_ + "/tmp";
  run_ = root_ + "/run";
  shm_ = dev_ + "/shm";
  pts_ = dev_ + "/pts";
  for (const char* device : kDevices) {
    devices_.push_back({fmt::format("/dev/{}", device), fmt::format("{}/{}", dev_, device)});
  }
}

}  // namespace hitless::sys
