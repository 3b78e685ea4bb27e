#pragma once

#include "core/dns/cache.h"
#include "core/dns/upstreams.h"

namespace hitless::dns {

/// How names that are not the cluster's are resolved. The defaults are those of CoreDNS's forward
/// and cache plugins unless a reason is given.
struct ForwardOptions {
  CacheOptions cache;
  UpstreamPolicy policy = UpstreamPolicy::kRandom;
  /// How long one try waits for its upstream, before the next one is asked.
  milliseconds readTimeout{2000};
  /// How long a question is tried altogether. CoreDNS takes 5 s; but after 5 s glibc has given up,
  /// and then SERVFAIL or a stale answer comes too late.
  milliseconds totalTimeout{4500};
  /// When waiting askers get a stale answer while the upstream is still waited for: the client
  /// response timer of RFC 8767 5. CoreDNS has none.
  milliseconds staleAfter{1800};
  /// An upstream that failed is asked `. NS` at once, and again this long after each failure,
  /// until it replies.
  milliseconds probeInterval{500};
  milliseconds probeTimeout{1000};
  /// An upstream is down after this many failed probes in a row; 0: never.
  unsigned maxFails = 2;
  /// As many askers may wait, and as many questions be on their way; more are REFUSED. kubeadm's
  /// Corefile has this number. 0: no bound.
  std::size_t maxConcurrent = 1000;
  /// How long a TCP connection without questions stays open (CoreDNS: `expire`).
  seconds expire{10};
  /// Asks by TCP only.
  bool forceTcp = false;
  /// A reply with one of these makes the question go to the next upstream, and is only passed on
  /// if no other is better. As glibc does it, whose place in front of the upstreams this takes;
  /// CoreDNS's `failover` is empty.
  std::vector<Rcode> failover = {Rcode::kServFail, Rcode::kNotImp, Rcode::kRefused};
  /// How long an upstream that understood no EDNS is asked without it.
  seconds plainFor{900};
};

/// As CoreDNS's metrics of these names. They only grow.
struct ForwardCounters {
  std::uint64_t prefetches = 0;         ///< coredns_cache_prefetch_total, also of stale ones.
  std::uint64_t drops = 0;              ///< coredns_cache_drops_total: replies to other questions.
  std::uint64_t healthcheckBroken = 0;  ///< coredns_forward_healthcheck_broken_total
  std::uint64_t maxConcurrentRejects = 0;  ///< coredns_forward_max_concurrent_rejects_total
  std::uint64_t questions = 0;             ///< Asked of upstreams, retries not counted.
  std::uint64_t joined = 0;                ///< Askers who wait for a question already on its way.
};

}  // namespace hitless::dns
