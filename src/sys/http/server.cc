#include "sys/http/server.h"

#include <sys/socket.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>

#include "base/clock.h"
#include "sys/http/connection.h"

namespace hitless::sys {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string nameOf(const asio::generic::stream_protocol::endpoint& peer) {
  tcp::endpoint internet;
  if (peer.protocol().family() == AF_UNIX || peer.size() > internet.capacity()) {
    return "unix";
  }
  internet.resize(peer.size());
  std::memcpy(internet.data(), peer.data(), peer.size());
  error_code ignored;
  return internet.address().to_string(ignored) + ":" + std::to_string(internet.port());
}

/// Accepts for as long as the server lives; shared with its pending accept.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, std::shared_ptr<ServerState> state)
      : acceptor_(io), retry_(io), state_(std::move(state)) {}

  Status adopt(int fd) {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      return osFail("getsockname of the listening socket");
    }
    error_code error;
    acceptor_.assign({address.ss_family, 0}, fd, error);
    if (!error) {
      acceptor_.non_blocking(true, error);
    }
    return error ? Status(osFail("adopt the listening socket", error.value())) : Status();
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, StreamSocket socket) {
      self->onAccept(error, std::move(socket));
    });
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  }

 private:
  void onAccept(error_code error, StreamSocket socket) {
    if (state_->stopped) {
      return;
    }
    if (error) {  // Out of descriptors, most likely: let some close.
      retry_.expires_after(milliseconds{50});
      retry_.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled) {
          self->accept();
        }
      });
      return;
    }
    serve(std::move(socket));
    accept();
  }

  void serve(StreamSocket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    std::string name = nameOf(socket.remote_endpoint(ignored));
    const auto executor = socket.get_executor();
    auto transport = state_->tls ? tlsTransport(std::move(socket), *state_->tls)
                                 : plainTransport(std::move(socket));
    std::make_shared<Connection>(executor, state_, std::move(transport), std::move(name))->start();
  }

  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  asio::steady_timer retry_;
  std::shared_ptr<ServerState> state_;
};

class Server : public HttpServer {
 public:
  Server(std::shared_ptr<ServerState> state, std::shared_ptr<Listener> listener)
      : state_(std::move(state)), listener_(std::move(listener)) {}
  ~Server() override { stop(); }

  Status setCertificate(const std::string& certificatePem, const std::string& keyPem) override {
    // A connection's TLS state holds a reference of its own to the context that it began with.
    state_->tls = TRY(serverContext(certificatePem, keyPem));
    return {};
  }

  void endConnections() override { state_->lastAnswers = true; }

  void stop() override {
    if (std::exchange(state_->stopped, true)) {
      return;
    }
    listener_->stop();
    std::vector<std::shared_ptr<Connection>> open;
    for (Connection* connection : state_->open) {
      if (auto alive = connection->weak_from_this().lock()) {
        open.push_back(std::move(alive));
      }
    }
    for (const auto& connection : open) {
      connection->close();
    }
  }

 private:
  std::shared_ptr<ServerState> state_;
  std::shared_ptr<Listener> listener_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& io, int listeningFd,
                                                      HttpServerOptions options,
                                                      HttpHandler handler) {
  auto state = std::make_shared<ServerState>();
  if (!options.certificatePem.empty()) {
    state->tls = TRY(serverContext(options.certificatePem, options.keyPem));
  }
  state->options = std::move(options);
  state->handler = std::move(handler);
  auto listener = std::make_shared<Listener>(io, state);
  TRY_VOID(listener->adopt(listeningFd));
  listener->accept();
  return std::make_unique<Server>(std::move(state), std::move(listener));
}

}  // namespace hitless::sys
