#include "sys/container/pod_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "sys/container/fd.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

std::string parentOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

struct HostPathType {
  std::string_view name;
  mode_t format;  ///< S_IFDIR and the like.
  bool create;
  std::string_view noun;
};

constexpr HostPathType kTypes[] = {
    {"DirectoryOrCreate", S_IFDIR, true, "directory"},
    {"Directory", S_IFDIR, false, "directory"},
    {"FileOrCreate", S_IFREG, true, "file"},
    {"File", S_IFREG, false, "file"},
    {"Socket", S_IFSOCK, false, "socket file"},
    {"CharDevice", S_IFCHR, false, "character device"},
    {"BlockDevice", S_IFBLK, false, "block device"},
};

Status create(const HostPathType& type, const std::string& path) {
  if (type.format == S_IFDIR) {
    return makeDirectories(path, 0755);
  }
  const Fd fd(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  return fd.valid() ? Status() : Status(osFail("cannot make " + path));
}

}  // namespace

Status writeVolume(const std::string& directory, const std::vector<node::VolumeFile>& files) {
  removeTree(directory);
  TRY_VOID(makeDirectories(directory, 0755));
  for (const node::VolumeFile& file : files) {
    const std::string path = directory + "/" + file.path;
    TRY_VOID(makeDirectories(parentOf(path), 0755));
    TRY_VOID(writeFile(path, file.content, 0644));
    if (::chmod(path.c_str(), static_cast<mode_t>(file.mode) & 0777) != 0) {
      return osFail("cannot set the mode of " + path);
    }
  }
  return {};
}

Status checkHostPath(const node::HostPath& path) {
  if (!path.path.starts_with('/')) {
    return invalid(fmt::format("hostPath \"{}\" is not absolute", path.path));
  }
  struct stat info {};
  for (const HostPathType& type : kTypes) {
    if (type.name != path.type) {
      continue;
    }
    if (::stat(path.path.c_str(), &info) == 0) {
      return (info.st_mode & S_IFMT) == type.format
                 ? Status()
                 : Status(invalid(fmt::format("hostPath type check failed: {} is not a {}",
                                              path.path, type.noun)));
    }
    if (type.create) {
      return create(type, path.path);
    }
    return invalid(fmt::format("hostPath type check failed: {} is not a {}", path.path, type.noun));
  }
  // Without a type whatever is there is taken, and a directory made where nothing is.
  return ::stat(path.path.c_str(), &info) == 0 ? Status() : makeDirectories(path.path, 0755);
}

Status makeOpenDirectory(const std::string& directory, mode_t mode) {
  TRY_VOID(makeDirectories(directory, 0755));
  // The umask has its say at creation, not here.
  if (::chmod(directory.c_str(), mode) != 0) {
    return osFail("cannot set the mode of " + directory);
  }
  return {};
}

void removeTree(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

}  // namespace hitless::sys
