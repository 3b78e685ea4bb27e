#include "sys/files/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace hitless::sys {
namespace {

bool writeAll(int fd, const std::string& content) {
  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t n = ::write(fd, content.data() + written, content.size() - written);
    if (n < 0 && errno != EINTR) {
      return false;
    }
    written += n < 0 ? 0 : static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

Result<std::string> readFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return osFail("open " + path);
  }
  std::string content;
  struct stat about {};
  if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    // What the kernel makes up is of size 0, or of any.
    constexpr std::size_t kMost = std::size_t{1} << 30;
    content.reserve(std::min(static_cast<std::size_t>(about.st_size), kMost));
  }
  char buffer[16384];
  ssize_t n = 0;
  while ((n = ::read(fd, buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR)) {
    content.append(buffer, n < 0 ? 0 : static_cast<std::size_t>(n));
  }
  const int error = errno;
  ::close(fd);
  return n < 0 ? Result<std::string>(osFail("read " + path, error)) : content;
}

Status writeFile(const std::string& path, const std::string& content, mode_t mode) {
  const std::string temporary = path + ".new." + std::to_string(::getpid());
  ::unlink(temporary.c_str());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    return osFail("create " + temporary);
  }
  const bool written = writeAll(fd, content);
  const int error = errno;
  ::close(fd);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    Error failed = osError("write " + path, written ? errno : error);
    ::unlink(temporary.c_str());
    return tl::unexpected(std::move(failed));
  }
  return {};
}

Status makeDirectories(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      return osFail("make the directory " + part);
    }
    if (end == std::string::npos) {
      return {};
    }
  }
}

}  // namespace hitless::sys
