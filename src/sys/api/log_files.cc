#include "sys/api/log_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace hitless::sys {

std::string logPath(const std::string& directory, const control::ContainerRun& run) {
  return fmt::format("{}/{}_{}_{}/{}/{}.log", directory, run.ns, run.pod, run.podUid, run.container,
                     run.restarts);
}

Result<std::string> LogFiles::read(const control::ContainerRun& run, std::uint64_t offset,
                                   std::size_t limit) {
  const std::string path = logPath(directory_, run);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return osFail("open the log " + path);
  }
  std::string bytes(limit, '\0');
  const ssize_t n = ::pread(fd, bytes.data(), limit, static_cast<off_t>(offset));
  const int error = errno;
  ::close(fd);
  if (n < 0) {
    return osFail("read the log " + path, error);
  }
  bytes.resize(static_cast<std::size_t>(n));
  return bytes;
}

}  // namespace hitless::sys
