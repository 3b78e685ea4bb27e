#include "sys/container/grpc_check.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

#include "core/node/grpc_health.h"

namespace hitless::sys {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

class GrpcCheck : public std::enable_shared_from_this<GrpcCheck> {
 public:
  GrpcCheck(boost::asio::io_context& io, const std::string& authority, const std::string& service,
            std::function<void(Status)> done)
      : socket_(io), timer_(io), call_(authority, service), done_(std::move(done)) {}

  void start(const tcp::endpoint& server, nanoseconds timeout) {
    timer_.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout));
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) {
        self->finish(fail(ErrorKind::kUnavailable, "timeout: health rpc did not complete"));
      }
    });
    socket_.async_connect(server, [self = shared_from_this()](const error_code& error) {
      if (error) {
        self->finish(fail(ErrorKind::kUnavailable, "connect: " + error.message()));
        return;
      }
      self->write();
      self->read();
    });
  }

 private:
  void write() {
    if (writing_) {
      return;
    }
    sending_ = call_.take();
    if (sending_.empty()) {
      return;
    }
    writing_ = true;
    boost::asio::async_write(socket_, boost::asio::buffer(sending_),
                             [self = shared_from_this()](const error_code& error, std::size_t) {
                               self->writing_ = false;
                               if (!error) {
                                 self->write();
                               }
                             });
  }

  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              const auto state =
                                  error ? self->call_.closed()
                                        : self->call_.feed({self->buffer_.data(), size});
                              if (state == node::GrpcHealthCall::State::kWaiting) {
                                self->write();
                                self->read();
                              } else if (state == node::GrpcHealthCall::State::kServing) {
                                self->finish({});
                              } else {
                                self->finish(fail(ErrorKind::kUnavailable, self->call_.reason()));
                              }
                            });
  }

  void finish(Status status) {
    if (const auto done = std::exchange(done_, nullptr)) {
      timer_.cancel();
      error_code ignored;
      socket_.close(ignored);
      done(std::move(status));
    }
  }

  tcp::socket socket_;
  boost::asio::steady_timer timer_;
  node::GrpcHealthCall call_;
  std::function<void(Status)> done_;
  std::string sending_;
  bool writing_ = false;
  std::array<char, 4096> buffer_{};
};

}  // namespace

void checkGrpc(boost::asio::io_context& io, const std::string& address, std::uint16_t port,
               const std::string& service, nanoseconds timeout, std::function<void(Status)> done) {
  error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  if (error) {
    boost::asio::post(io, [done = std::move(done), address] {
      done(invalid(fmt::format("\"{}\" is not an IP address", address)));
    });
    return;
  }
  std::make_shared<GrpcCheck>(io, fmt::format("{}:{}", address, port), service, std::move(done))
      ->start({ip, port}, timeout);
}

}  // namespace hitless::sys
