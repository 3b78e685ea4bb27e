#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/proxy/route_table.h"
#include "sys/proxy/event_loop.h"
#include "sys/proxy/tls_contexts.h"

namespace hitless::sys {

/// A listening socket.
class Acceptor final : public Watched {
 public:
  /// Called for each connection.
  using Accepted = std::function<void(Acceptor& from, Fd fd, proxy::Address peer)>;

  Acceptor(EventLoop& loop, Fd fd, Accepted accepted);
  ~Acceptor() override;

  Status start();
  /// Takes what is in the queue: what sits there when the socket is closed is reset. True if
  /// nothing was left.
  bool drain();
  /// Stops for a moment: there are no more file descriptors, or too many connections.
  void pause(nanoseconds time);

  void setListener(const proxy::Listener& listener, std::shared_ptr<ListenerTls> tls) {
    name = listener.name;
    protocol = listener.protocol;
    tls_ = std::move(tls);
  }
  const std::shared_ptr<ListenerTls>& tls() const { return tls_; }
  /// Whether the listener is to be found elsewhere now.
  bool moved(const proxy::Listener& listener) const {
    return place_ != std::pair(listener.address, listener.port);
  }
  void setPlace(const proxy::Listener& listener) { place_ = {listener.address, listener.port}; }
  int fd() const { return fd_.get(); }

  std::string name;
  proxy::ListenerProtocol protocol = proxy::ListenerProtocol::kHttp;

 private:
  void onEvents(std::uint32_t events) override;

  EventLoop& loop_;
  Fd fd_;
  Accepted accepted_;
  std::shared_ptr<ListenerTls> tls_;
  std::pair<std::optional<IpAddress>, std::uint16_t> place_;
  Timer resume_;
};

}  // namespace hitless::sys
