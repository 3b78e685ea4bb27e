#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "app/agent/metrics.h"
#include "base/clock.h"
#include "core/conntrack/stale.h"

namespace hitless::app {

/// Deletes connections that a commit has made stale from this node's connection table. Established
/// TCP stays: ending it is the application's business.
class FlowCleaner {
 public:
  FlowCleaner(boost::asio::io_context& io, conntrack::FlowTable& table, const Clock& clock,
              AgentMetrics& metrics)
      : table_(table), clock_(clock), metrics_(metrics), timer_(io) {}

  /// UDP at once. TCP a little later: an attempt whose answer is on its way must not lose its
  /// entry, while a SYN that was lost is repeated after 1 s (RFC 6298 2) at the earliest.
  void clean(const std::vector<conntrack::Destination>& changed);

  /// Protocol, address and port of a service.
  using Key = std::tuple<std::uint8_t, IpAddress, std::uint16_t>;
  /// After a time without rules: connections to services that began meanwhile were not translated,
  /// and never would be however often the client repeats itself. Forgotten, the next packet is.
  void freeUntranslated(const std::set<Key>& services);

 private:
  void cleanLater();
  void remove(const std::vector<conntrack::Destination>& changed);
  void remove(const std::vector<conntrack::Destination>& changed, IpFamily family);

  conntrack::FlowTable& table_;
  const Clock& clock_;
  AgentMetrics& metrics_;
  boost::asio::steady_timer timer_;
  std::map<Key, conntrack::Destination> later_;  ///< The newest state of each address.
  bool armed_ = false;
};

}  // namespace hitless::app
