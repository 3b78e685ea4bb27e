#pragma once

#include <string>

#include "base/error.h"
#include "core/timeline/event.h"

namespace hitless::sys {

/// Appends events to a file that several processes share. Each event is one write() with O_APPEND,
/// so lines of different processes do not mix.
class TimelineFile : public timeline::Sink {
 public:
  /// An empty path gives a sink that forgets everything.
  static Result<TimelineFile> open(const std::string& path);
  TimelineFile(TimelineFile&& other) noexcept;
  TimelineFile& operator=(TimelineFile&&) = delete;
  ~TimelineFile() override;
  void record(const timeline::Event& event) override;

 private:
  explicit TimelineFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace hitless::sys
