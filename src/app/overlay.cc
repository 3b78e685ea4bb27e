#include "app/overlay.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace hitless::app {

Status ownMounts() {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return osFail("cannot make a mount namespace");
  }
  return {};
}

Status overlayFile(const std::string& path, const std::string& text) {
  std::string temporary = std::filesystem::temp_directory_path() / "hitless-file-XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) {
    return osFail("cannot write a file to put over " + path);
  }
  const ssize_t written = ::write(fd, text.data(), text.size());
  if (written >= 0 && written < static_cast<ssize_t>(text.size())) {
    errno = ENOSPC;  // write(2) takes a part only when the disk is full.
  }
  const bool ok = written == static_cast<ssize_t>(text.size()) && ::fchmod(fd, 0644) == 0 &&
                  ::mount(temporary.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
  const int err = errno;
  ::close(fd);
  // The mount keeps the file alive without a name.
  ::unlink(temporary.c_str());
  if (!ok) {
    return osFail("cannot put a file of the cluster's over " + path, err);
  }
  return {};
}

}  // namespace hitless::app
