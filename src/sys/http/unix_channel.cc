#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "sys/http/channel.h"
#include "sys/http/unix_address.h"

namespace hitless::sys {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using Code = boost::system::error_code;

class UnixChannel : public Channel, public std::enable_shared_from_this<UnixChannel> {
 public:
  explicit UnixChannel(asio::io_context& io) : io_(io), socket_(io) {}

  void connect(const std::string& path, std::uint16_t, OnStatus done) override {
    // A unix socket stands at once or not at all.
    asio::post(io_, [done = std::move(done), status = open(path)] { done(status); });
  }
  void write(std::string bytes, OnStatus done) override {
    outgoing_ = std::move(bytes);
    asio::async_write(
        socket_, asio::buffer(outgoing_),
        [self = shared_from_this(), done](const Code& error, std::size_t) {
          done(error ? Status(tl::unexpected(channelError("cannot send", error))) : Status());
        });
  }
  void read(OnBytes done) override {
    socket_.async_read_some(asio::buffer(incoming_),
                            [self = shared_from_this(), done](const Code& error, std::size_t size) {
                              if (error && error != asio::error::eof) {
                                return done(tl::unexpected(channelError("cannot receive", error)));
                              }
                              done(std::string_view(self->incoming_.data(), error ? 0 : size));
                            });
  }
  void close() override {
    Code ignored;
    socket_.close(ignored);
  }
  bool stale() override {
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

 private:
  Status open(const std::string& path) {
    const UnixAddress address = TRY(UnixAddress::of(path));
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid()) {
      return osFail("open a unix socket");
    }
    if (::connect(fd.get(), address.get(), address.size()) != 0) {
      Error error = osError("cannot connect");
      error.kind = ErrorKind::kUnavailable;
      return tl::unexpected(std::move(error));
    }
    Code code;
    socket_.assign(Local(), fd.release(), code);
    return code ? Status(tl::unexpected(channelError("cannot connect", code))) : Status();
  }

  asio::io_context& io_;
  Local::socket socket_;
  std::string outgoing_;
  std::array<char, 8192> incoming_;
};

}  // namespace

std::shared_ptr<Channel> makeUnixChannel(asio::io_context& io) {
  return std::make_shared<UnixChannel>(io);
}

}  // namespace hitless::sys
