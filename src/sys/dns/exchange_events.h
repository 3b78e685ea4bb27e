#pragma once

#include <boost/asio/ip/address.hpp>

#include "core/dns/upstream_link.h"

namespace hitless::sys {

/// What becomes of exchanges. Called from handlers of the io_context only.
class ExchangeEvents {
 public:
  virtual ~ExchangeEvents() = default;
  /// False: that was not the reply, the exchange goes on. `message` is valid during the call.
  virtual bool onReply(dns::ExchangeId exchange, dns::ByteView message) = 0;
  /// The exchange is over.
  virtual void onFailure(dns::ExchangeId exchange) = 0;
};

template <class Protocol>
typename Protocol::endpoint endpointOf(const dns::UpstreamAddress& to) {
  const auto bytes = to.address.bytes();
  if (to.address.isV4()) {
    boost::asio::ip::address_v4::bytes_type v4{};
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return {boost::asio::ip::address_v4(v4), to.port};
  }
  boost::asio::ip::address_v6::bytes_type v6{};
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return {boost::asio::ip::address_v6(v6), to.port};
}

}  // namespace hitless::sys
