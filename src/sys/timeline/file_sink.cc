#include "sys/timeline/file_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace hitless::sys {

Result<TimelineFile> TimelineFile::open(const std::string& path) {
  if (path.empty()) {
    return TimelineFile(-1);
  }
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return tl::unexpected<Error>(osError("cannot open the timeline").about(path));
  }
  return TimelineFile(fd);
}

TimelineFile::TimelineFile(TimelineFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

TimelineFile::~TimelineFile() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void TimelineFile::record(const timeline::Event& event) {
  if (fd_ < 0) {
    return;
  }
  const std::string line = timeline::encode(event) + "\n";
  // A full disk loses the event and nothing else: the timeline reports, it does not decide.
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace hitless::sys
