#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <optional>

namespace hitless::sys {

/// Calls back whenever a descriptor that somebody else owns can be read.
class ReadableWatch {
 public:
  ReadableWatch() = default;
  ReadableWatch(ReadableWatch&&) = default;
  ReadableWatch& operator=(ReadableWatch&&) = delete;
  ~ReadableWatch();

  /// Call it once. From then on the watch must stay where it is, and outlive io's run; `fd` must be
  /// open until stop(). `onReadable` should read everything that is there, and may call stop().
  void start(boost::asio::io_context& io, int fd, std::function<void()> onReadable);
  void stop();

 private:
  void wait();

  std::function<void()> onReadable_;
  std::optional<boost::asio::posix::stream_descriptor> descriptor_;
};

}  // namespace hitless::sys
