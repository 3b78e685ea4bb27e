#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "sys/dns/exchange_events.h"

namespace hitless::sys {

/// coredns_proxy_conn_cache_*_total, of TCP: by UDP no socket is used twice.
struct ConnectionCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
};

/// Exchanges by TCP: one connection to each upstream, with any number of questions on their way
/// (RFC 7766 6.2.1), and closed when it was idle for a while. A question that was sent over a
/// connection which its peer closed meanwhile is sent once more over a new one. A connection on
/// which a question had to be cancelled takes no new ones: it may be dead.
class TcpExchanges {
 public:
  TcpExchanges(boost::asio::io_context& io, ExchangeEvents& events, nanoseconds idle)
      : io_(io), events_(events), idle_(idle) {}
  ~TcpExchanges() { cancelAll(); }

  void send(dns::ExchangeId exchange, const dns::UpstreamAddress& to, dns::ByteView message);
  /// False: there is none such.
  bool cancel(dns::ExchangeId exchange);
  void cancelAll();

  const ConnectionCounters& counters() const { return counters_; }
  std::size_t connections() const { return connections_.size(); }

 private:
  struct Connection;
  struct Question;
  using Shared = std::shared_ptr<Connection>;

  Shared connect(const dns::UpstreamAddress& to);
  void put(const Shared& connection, Question question);
  void onMessage(const Shared& connection, dns::ByteView message);
  void onClosed(const Shared& connection);
  /// Ends the exchange; an empty connection waits for others, or ends too.
  void remove(const Shared& connection, dns::ExchangeId exchange);
  void retire(const Shared& connection);

  boost::asio::io_context& io_;
  ExchangeEvents& events_;
  nanoseconds idle_;
  ConnectionCounters counters_;
  std::map<dns::UpstreamAddress, Shared> connections_;  ///< Those that take new questions.
  std::unordered_map<dns::ExchangeId, Shared> exchanges_;
};

}  // namespace hitless::sys
