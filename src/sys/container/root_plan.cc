#include "sys/container/root_plan.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

constexpr std::array<std::string_view, 5> kMadeAnew = {"proc", "sys", "dev", "tmp", "run"};
constexpr std::array<std::string_view, 7> kOverlaid = {"etc", "home", "opt", "root",
                                                       "srv", "usr",  "var"};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string linkTarget(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  target.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return target;
}

/// "\040" and the like (proc(5)).
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool below(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory + "/");
}

void addEntry(const std::string& name, RootPlan& plan) {
  const std::string path = "/" + name;
  struct stat info {};
  if (contains(kMadeAnew, name) || ::lstat(path.c_str(), &info) != 0) {
    return;
  }
  RootEntry entry{RootEntry::Kind::kBind, path,        name,
                  info.st_mode & 07777,   info.st_uid, info.st_gid};
  if (S_ISLNK(info.st_mode)) {
    entry.kind = RootEntry::Kind::kLink;
    entry.source = linkTarget(path);
  } else if (!S_ISDIR(info.st_mode)) {
    return;
  } else if (contains(kOverlaid, name)) {
    entry.kind = RootEntry::Kind::kOverlay;
  }
  plan.entries.push_back(std::move(entry));
}

}  // namespace

std::vector<std::string> mountPoints(const std::string& mountinfo) {
  std::vector<std::string> out;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() > 4) {
      out.push_back(unescape(fields[4]));
    }
  }
  return out;
}

Result<RootPlan> planHostRoot(const std::vector<std::string>& hidden) {
  RootPlan plan;
  const std::unique_ptr<DIR, int (*)(DIR*)> root(::opendir("/"), ::closedir);
  if (!root) {
    return osFail("cannot read the machine's root directory");
  }
  while (const dirent* entry = ::readdir(root.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      addEntry(name, plan);
    }
  }
  for (std::string& point : mountPoints(TRY(readFile("/proc/self/mountinfo")))) {
    const auto slash = point.find('/', 1);
    const bool overlaid = slash != std::string::npos &&
                          contains(kOverlaid, std::string_view(point).substr(1, slash - 1));
    const bool secret = std::any_of(hidden.begin(), hidden.end(),
                                    [&point](const std::string& dir) { return below(point, dir); });
    struct stat info {};
    if (overlaid && !secret && ::stat(point.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      plan.nested.push_back(std::move(point));
    }
  }
  return plan;
}

}  // namespace hitless::sys
