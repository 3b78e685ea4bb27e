#pragma once

#include <map>
#include <optional>

#include "core/dns/forward_options.h"
#include "core/dns/upstream_link.h"

namespace hitless::dns {

/// Asks upstreams that failed `. NS` until they reply: CoreDNS's in-band health check, which sends
/// nothing while all is well.
class Prober {
 public:
  Prober(const ForwardOptions& options, Upstreams& upstreams, UpstreamLink& link, Rng& rng)
      : options_(options), upstreams_(upstreams), link_(link), rng_(rng) {}

  /// The upstream did not reply: probes it at once, unless it is being probed.
  void suspect(const UpstreamAddress& address, MonoTime now);
  /// It did: it is up.
  void trust(const UpstreamAddress& address);
  /// Ends the probes of those that are no upstreams any more.
  void forgetOthers();

  bool owns(ExchangeId exchange) const { return find(exchange) != nullptr; }
  /// Both only for an exchange that it owns. False: that is no reply to the probe.
  bool onReply(ExchangeId exchange, ByteView reply);
  void onFailure(ExchangeId exchange, MonoTime now);

  std::optional<MonoTime> deadline() const;
  void onTime(MonoTime now);

 private:
  struct Probe {
    MonoTime at{};  ///< When it times out; or, without an exchange, when the next one is sent.
    std::optional<ExchangeId> exchange;
    std::uint16_t messageId = 0;
  };
  const UpstreamAddress* find(ExchangeId exchange) const;
  void send(const UpstreamAddress& address, Probe& probe, MonoTime now);
  void failed(const UpstreamAddress& address, Probe& probe, MonoTime now);
  void stop(Probe& probe);

  const ForwardOptions& options_;
  Upstreams& upstreams_;
  UpstreamLink& link_;
  Rng& rng_;
  std::uint64_t nextExchange_ = 0;
  std::map<UpstreamAddress, Probe> probes_;
};

}  // namespace hitless::dns
