#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/rng.h"
#include "core/dns/resolv_conf.h"
#include "core/dns/types.h"

namespace hitless::load {

/// What a pod's resolver needs to know.
struct NameServers {
  std::vector<IpAddress> servers;
  std::vector<std::string> searches;
  std::size_t ndots = 1;
};
/// From resolv.conf(5), or with `only` as the one server to ask.
NameServers nameServersOf(const dns::ResolvConf& conf, const std::optional<IpAddress>& only);

/// One resolution of a host's addresses as a resolver in a pod does it: the search list by ndots, A
/// and AAAA at the same time, the first name that has an address. Nothing is kept. It is told what
/// comes and says what to send.
class NameLookup {
 public:
  /// resolv.conf(5)'s own.
  static constexpr int kTries = 2;
  static constexpr nanoseconds kTimeout = seconds{5};

  NameLookup(const std::string& host, NameServers servers, Rng& rng);

  /// What to send now, to server(). After each call of start(), onReply() or onTimeout() that says
  /// so.
  const std::vector<std::vector<std::uint8_t>>& queries() const { return queries_; }
  const IpAddress& server() const { return servers_.servers[server_]; }

  enum class Step { kWait, kSend, kDone };
  Step start();
  Step onReply(dns::ByteView reply);
  /// No reply in time, or the server cannot be reached.
  Step onTimeout();

  /// After kDone: IPv4 first; empty if there are none.
  const std::vector<IpAddress>& addresses() const { return addresses_; }
  /// After kDone without addresses.
  const std::string& error() const { return error_; }

 private:
  struct Pending {
    std::uint16_t id = 0;
    dns::Type type = dns::Type::kA;
    bool answered = false;
  };

  Step ask();
  Step nextName();
  void take(dns::ByteView reply, dns::Type type);

  std::string host_;
  NameServers servers_;
  Rng& rng_;
  std::vector<std::string> names_;  ///< To be tried, in order.
  std::size_t name_ = 0;
  std::size_t server_ = 0;
  int tries_ = 0;  ///< Of the present name and all servers.
  std::vector<std::vector<std::uint8_t>> queries_;
  std::vector<Pending> pending_;
  std::vector<IpAddress> addresses_;
  std::string error_;
};

}  // namespace hitless::load
