#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <unordered_map>

#include "core/dns/forwarder.h"
#include "sys/dns/upstream_tcp.h"
#include "sys/dns/upstream_udp.h"

namespace hitless::sys {

/// The numbers of forwarding, for metrics.
struct ForwardingStats {
  dns::CacheCounters cache;
  std::size_t successEntries = 0;
  std::size_t denialEntries = 0;
  std::size_t cacheBytes = 0;
  dns::ForwardCounters forward;
  ConnectionCounters connections;
  std::vector<dns::Upstream> upstreams;
};

/// Resolves names that are not the cluster's, on one io_context that one thread runs: a forwarder,
/// its sockets and its timer. A question that is on its way holds one file descriptor, so that
/// RLIMIT_NOFILE must leave room for ForwardOptions::maxConcurrent.
class Forwarding : private dns::UpstreamLink, private dns::AnswerSink, private ExchangeEvents {
 public:
  /// Gets one whole message, valid during the call.
  using Reply = std::function<void(dns::ByteView message)>;

  /// All of them must outlive it, and `clock` be that of the machine, which the timer goes by.
  Forwarding(boost::asio::io_context& io, const Clock& clock, Rng& rng,
             dns::ForwardOptions options);
  ~Forwarding() override;
  Forwarding(const Forwarding&) = delete;
  Forwarding& operator=(const Forwarding&) = delete;

  /// As Forwarder::setUpstreams(): may be called at any time.
  Status setUpstreams(std::vector<dns::UpstreamGroup> groups);

  /// The size of the answer written to `out`; 0: ask(). `now` must be the clock's time, and `out`
  /// have kMaxUdpSize bytes, or kMaxMessage for TCP.
  std::size_t answerFromCache(const dns::Query& query, dns::Transport transport, MonoTime now,
                              std::span<std::uint8_t> out);
  /// `reply` is called once, and never before this returns. It may ask again.
  void ask(const dns::Query& query, dns::Transport transport, Reply reply);

  /// Closes all sockets; those who wait get no answer. Nothing may be asked any more.
  void stop();

  ForwardingStats stats() const;

 private:
  void sendUdp(dns::ExchangeId exchange, const dns::UpstreamAddress& to,
               dns::ByteView message) override;
  void sendTcp(dns::ExchangeId exchange, const dns::UpstreamAddress& to,
               dns::ByteView message) override;
  void cancel(dns::ExchangeId exchange) override;
  void answer(dns::AskToken token, dns::ByteView message) override;
  bool onReply(dns::ExchangeId exchange, dns::ByteView message) override;
  void onFailure(dns::ExchangeId exchange) override;
  /// Sets the timer, unless it goes off soon enough.
  void arm();

  boost::asio::io_context& io_;
  const Clock& clock_;
  boost::asio::steady_timer timer_;
  std::optional<MonoTime> armed_;
  UdpExchanges udp_;
  TcpExchanges tcp_;
  dns::Forwarder forwarder_;
  std::uint64_t nextToken_ = 0;
  bool asking_ = false;
  std::unordered_map<dns::AskToken, Reply> replies_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< For handlers still queued.
};

}  // namespace hitless::sys
