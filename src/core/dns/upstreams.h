#pragma once

#include <array>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/rng.h"
#include "core/dns/name.h"

namespace hitless::dns {

struct UpstreamAddress {
  IpAddress address;
  std::uint16_t port = 53;

  std::string text() const;
  auto operator<=>(const UpstreamAddress&) const = default;
};

/// CoreDNS's `policy`: in which order a question's tries go over the upstreams.
enum class UpstreamPolicy : std::uint8_t { kRandom, kRoundRobin, kSequential };

/// Who is asked for the names in a zone: the root, or a stub domain.
struct UpstreamGroup {
  Name zone;
  std::vector<UpstreamAddress> servers;
};

/// As many as CoreDNS's forward takes in one group.
inline constexpr std::size_t kMaxUpstreams = 15;

/// The nameservers of a node's resolv.conf as upstreams on port 53: each once, at most
/// kMaxUpstreams, and none that is one of our own addresses. That is how a loop is prevented: a
/// node whose resolv.conf names this very server has no upstream rather than one that asks itself.
/// (A loop through others ends too, since a question that is on its way is not asked again.)
std::vector<UpstreamAddress> upstreamsOf(const std::vector<IpAddress>& nameservers,
                                         const std::vector<UpstreamAddress>& own);

/// coredns_proxy_request_duration_seconds: replies by how long they took.
struct Durations {
  /// Upper bounds: 0.25 ms doubled each time up to 8.192 s (CoreDNS plugin.TimeBuckets).
  static constexpr std::size_t kBuckets = 16;
  static nanoseconds bound(std::size_t bucket) { return nanoseconds(250000) * (1 << bucket); }

  std::array<std::uint64_t, kBuckets + 1> counts{};  ///< Not cumulative; the last: longer ones.
  nanoseconds sum{};

  void add(nanoseconds duration);
};

struct Upstream {
  UpstreamAddress address;
  unsigned failedProbes = 0;  ///< In a row.
  MonoTime plainUntil{};      ///< It understood no EDNS lately.
  Durations durations;
  std::uint64_t healthcheckFailures = 0;  ///< coredns_proxy_healthcheck_failures_total.
};

/// The upstreams and what is known of their health. An address that several groups name is one
/// upstream.
class Upstreams {
 public:
  /// An upstream is down after `maxFails` failed probes in a row; 0: never.
  Upstreams(UpstreamPolicy policy, unsigned maxFails) : policy_(policy), maxFails_(maxFails) {}

  /// Replaces all; what is known of those that stay is kept. kInvalid for a group that is too
  /// large or for two of one zone.
  Status set(std::vector<UpstreamGroup> groups);

  /// Those of the longest zone that the name (lower case, wire form) is in, in the order in which
  /// they are to be tried; empty if there are none.
  std::vector<UpstreamAddress> order(std::string_view name, Rng& rng);

  Upstream* find(const UpstreamAddress& address);
  bool isDown(const UpstreamAddress& address) const;
  /// All of them, of which there is at least one.
  bool areDown(const std::vector<UpstreamAddress>& servers) const;
  const std::vector<Upstream>& all() const { return all_; }

 private:
  UpstreamPolicy policy_;
  unsigned maxFails_;
  std::size_t turn_ = 0;  ///< For round robin.
  std::vector<UpstreamGroup> groups_;
  std::vector<Upstream> all_;
};

}  // namespace hitless::dns
