#include "sys/dns/upstream_udp.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

namespace hitless::sys {

using boost::asio::ip::udp;
using boost::system::error_code;

/// Handlers may still be queued when an exchange ends: then `over` is set.
struct UdpExchanges::Exchange {
  Exchange(boost::asio::io_context& io, dns::ExchangeId number) : id(number), socket(io) {}

  void close() {
    over = true;
    error_code ignored;
    socket.close(ignored);
  }

  dns::ExchangeId id;
  udp::socket socket;
  bool over = false;
};

UdpExchanges::UdpExchanges(boost::asio::io_context& io, ExchangeEvents& events)
    : io_(io), events_(events), buffer_(dns::kMaxMessage) {}

error_code UdpExchanges::start(Exchange& exchange, const dns::UpstreamAddress& to,
                               dns::ByteView message) {
  const auto endpoint = endpointOf<udp>(to);
  error_code error;
  exchange.socket.open(endpoint.protocol(), error);
  if (!error) {
    exchange.socket.non_blocking(true, error);
  }
  if (!error) {
    exchange.socket.connect(endpoint, error);
  }
  if (!error) {
    exchange.socket.send(boost::asio::buffer(message.data(), message.size()), 0, error);
  }
  return error;
}

void UdpExchanges::send(dns::ExchangeId id, const dns::UpstreamAddress& to, dns::ByteView message) {
  const auto exchange = std::make_shared<Exchange>(io_, id);
  open_[id] = exchange;
  if (!start(*exchange, to, message)) {
    wait(exchange);
    return;
  }
  boost::asio::post(io_, [this, exchange] {
    if (!exchange->over) {
      fail(exchange);
    }
  });
}

void UdpExchanges::wait(const Shared& exchange) {
  exchange->socket.async_wait(udp::socket::wait_read, [this, exchange](const error_code& error) {
    if (exchange->over) {
      return;
    }
    if (error) {
      fail(exchange);
    } else {
      receive(exchange);
    }
  });
}

void UdpExchanges::receive(const Shared& exchange) {
  while (!exchange->over) {
    error_code error;
    const std::size_t size = exchange->socket.receive(boost::asio::buffer(buffer_), 0, error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::interrupted) {
      wait(exchange);
      return;
    }
    if (error) {
      fail(exchange);
      return;
    }
    if (events_.onReply(exchange->id, dns::ByteView(buffer_).first(size))) {
      cancel(exchange->id);
    }
  }
}

void UdpExchanges::fail(const Shared& exchange) {
  cancel(exchange->id);
  events_.onFailure(exchange->id);
}

bool UdpExchanges::cancel(dns::ExchangeId id) {
  const auto at = open_.find(id);
  if (at == open_.end()) {
    return false;
  }
  at->second->close();
  open_.erase(at);
  return true;
}

void UdpExchanges::cancelAll() {
  for (const auto& [id, exchange] : open_) {
    exchange->close();
  }
  open_.clear();
}

}  // namespace hitless::sys
