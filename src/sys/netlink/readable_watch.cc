#include "sys/netlink/readable_watch.h"

#include <utility>

namespace hitless::sys {

ReadableWatch::~ReadableWatch() {
  stop();
}

void ReadableWatch::start(boost::asio::io_context& io, int fd, std::function<void()> onReadable) {
  onReadable_ = std::move(onReadable);
  descriptor_.emplace(io, fd);
  wait();
}

void ReadableWatch::stop() {
  if (descriptor_) {
    descriptor_->release();  // Its owner closes it.
    descriptor_.reset();
  }
}

void ReadableWatch::wait() {
  using Descriptor = boost::asio::posix::stream_descriptor;
  descriptor_->async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) {
      return;
    }
    onReadable_();
    if (descriptor_) {
      wait();
    }
  });
}

}  // namespace hitless::sys
