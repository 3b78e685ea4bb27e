#include "sys/container/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>

namespace hitless::sys {
namespace {

struct Pending {
  Pending(boost::asio::io_context& io, int fd) : stream(io, fd) {}
  boost::asio::posix::stream_descriptor stream;
  ChildFailure failure;
};

}  // namespace

Result<Pipe> Pipe::create() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return osFail("cannot make a pipe");
  }
  Pipe out;
  out.readEnd = Fd(fds[0]);
  out.writeEnd = Fd(fds[1]);
  return out;
}

void awaitReport(boost::asio::io_context& io, Fd readEnd,
                 std::function<void(std::optional<ChildFailure>)> done) {
  auto pending = std::make_shared<Pending>(io, readEnd.release());
  boost::asio::async_read(
      pending->stream, boost::asio::buffer(&pending->failure, sizeof pending->failure),
      [pending, done = std::move(done)](const boost::system::error_code&, std::size_t size) {
        done(size == sizeof(ChildFailure) ? std::optional(pending->failure) : std::nullopt);
      });
}

}  // namespace hitless::sys
