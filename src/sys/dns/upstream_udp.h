#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sys/dns/exchange_events.h"

namespace hitless::sys {

/// Exchanges by UDP, each with a socket of its own. The kernel gives each socket a random port when
/// it is connected, lets in only what comes from the upstream's address and port, and reports what
/// its host refuses. A pool of sockets would save three system calls per exchange, but its ports
/// live long enough to be found out (RFC 5452 4.5); what is asked often comes from the cache.
class UdpExchanges {
 public:
  UdpExchanges(boost::asio::io_context& io, ExchangeEvents& events);
  ~UdpExchanges() { cancelAll(); }

  void send(dns::ExchangeId exchange, const dns::UpstreamAddress& to, dns::ByteView message);
  /// False: there is none such.
  bool cancel(dns::ExchangeId exchange);
  void cancelAll();
  std::size_t size() const { return open_.size(); }

 private:
  struct Exchange;
  using Shared = std::shared_ptr<Exchange>;

  boost::system::error_code start(Exchange& exchange, const dns::UpstreamAddress& to,
                                  dns::ByteView message);
  void wait(const Shared& exchange);
  void receive(const Shared& exchange);
  void fail(const Shared& exchange);

  boost::asio::io_context& io_;
  ExchangeEvents& events_;
  std::unordered_map<dns::ExchangeId, Shared> open_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace hitless::sys
