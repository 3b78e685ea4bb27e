#pragma once

// Included by the translation units that implement a kind of Channel, nowhere else: it pulls in
// Asio.

#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

#include "sys/http/channel.h"

namespace hitless::sys {

/// What plain and encrypted channels share; `Stream` is an Asio stream over a TCP socket.
template <class Stream>
class StreamChannel : public Channel, public std::enable_shared_from_this<StreamChannel<Stream>> {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Code = boost::system::error_code;

  template <class... Args>
  explicit StreamChannel(boost::asio::io_context& io, Args&&... args)
      : io_(io), resolver_(io), stream_(io, std::forward<Args>(args)...) {}

  void connect(const std::string& host, std::uint16_t port, OnStatus done) override {
    host_ = host;
    Code code;
    const auto address =
        boost::asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, code);
    if (!code) {
      endpoints_ = {Tcp::endpoint(address, port)};
      return open(std::move(done));
    }
    resolver_.async_resolve(
        host, std::to_string(port),
        [self = this->shared_from_this(), done](const Code& error,
                                                const Tcp::resolver::results_type& found) {
          if (error) {
            return done(tl::unexpected<Error>(
                channelError("cannot resolve the name", error).about(self->host_)));
          }
          self->endpoints_.assign(found.begin(), found.end());
          self->open(done);
        });
  }

  void write(std::string bytes, OnStatus done) override {
    outgoing_ = std::move(bytes);
    boost::asio::async_write(
        stream_, boost::asio::buffer(outgoing_),
        [self = this->shared_from_this(), done](const Code& error, std::size_t) {
          done(error ? Status(tl::unexpected<Error>(channelError("cannot send", error)))
                     : Status());
        });
  }

  void read(OnBytes done) override {
    stream_.async_read_some(
        boost::asio::buffer(incoming_),
        [self = this->shared_from_this(), done](const Code& error, std::size_t size) {
          if (error && !isEnd(error)) {
            return done(tl::unexpected<Error>(channelError("cannot receive", error)));
          }
          done(std::string_view(self->incoming_.data(), error ? 0 : size));
        });
  }

  void close() override {
    Code ignored;
    resolver_.cancel();
    socket().close(ignored);
  }

  bool stale() override {
    char byte = 0;
    const auto got = ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

 protected:
  auto& socket() { return stream_.lowest_layer(); }
  /// After the TCP connection stands; the default is to be ready.
  virtual void handshake(OnStatus done) { done({}); }
  static bool isEnd(const Code& error);

  boost::asio::io_context& io_;
  Tcp::resolver resolver_;
  Stream stream_;
  std::string host_;

 private:
  void open(OnStatus done) {
    boost::asio::async_connect(
        socket(), endpoints_,
        [self = this->shared_from_this(), done](const Code& error, const Tcp::endpoint&) {
          if (error) {
            return done(tl::unexpected<Error>(channelError("cannot connect", error)));
          }
          Code ignored;
          self->socket().set_option(Tcp::no_delay(true), ignored);
          self->handshake(done);
        });
  }

  std::vector<Tcp::endpoint> endpoints_;
  std::string outgoing_;
  std::array<char, 32768> incoming_;
};

}  // namespace hitless::sys
