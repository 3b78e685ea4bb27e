#pragma once

#include "base/rng.h"
#include "core/dns/cache_part.h"

namespace hitless::dns {

/// The defaults are those of CoreDNS's cache plugin where that has the option.
struct CacheOptions {
  std::size_t successCapacity = 9984;  ///< Entries; 0: successes are not cached.
  std::size_t denialCapacity = 9984;   ///< NXDOMAIN, NODATA and SERVFAIL.
  /// Of each of the two parts, bytes: replies by TCP may have 64 KiB, so a count alone bounds
  /// nothing.
  std::size_t maxBytes = std::size_t{16} << 20;
  seconds successMaxTtl{3600};
  seconds successMinTtl{5};
  seconds denialMaxTtl{1800};
  seconds denialMinTtl{5};
  seconds servfailTtl{5};  ///< 0: not kept. RFC 2308 7.1 allows 5 minutes at most.
  /// How long after its end a reply may still be served while the upstream fails (RFC 8767); 0:
  /// never. CoreDNS: `serve_stale 1h`, which is off by default there.
  seconds staleUpTo{3600};
  seconds staleTtl{30};  ///< Of a stale answer (RFC 8767 4).
  /// The failure recheck timer of RFC 8767 5, which says 30 s for authoritative servers. Here the
  /// upstream is a resolver that has such a timer itself; a node should see it come back soon.
  seconds staleRetry{5};
  /// A reply that was asked for this many times without a pause of `prefetchPause` is refreshed
  /// when at most `prefetchPercentage` of its TTL are left; 0: never.
  unsigned prefetchAmount = 0;
  seconds prefetchPause{60};
  unsigned prefetchPercentage = 10;
};

/// As CoreDNS's metrics coredns_cache_*_total. They only grow.
struct CacheCounters {
  std::uint64_t requests = 0;
  std::uint64_t successHits = 0;
  std::uint64_t denialHits = 0;
  std::uint64_t misses = 0;
  std::uint64_t servedStale = 0;
  std::uint64_t successEvictions = 0;
  std::uint64_t denialEvictions = 0;
};

/// How a reply may be kept, and the TTL that its askers get meanwhile.
struct Lifetime {
  enum class Part : std::uint8_t { kNone, kSuccess, kDenial };
  Part part = Part::kNone;
  std::optional<std::uint32_t> ttl;  ///< Seconds; nullopt: the TTLs stay as they are.
};

/// Replies to forwarded queries. A hit allocates nothing.
class Cache {
 public:
  /// `rng` is only used to seed the hash.
  Cache(const CacheOptions& options, Rng& rng);

  struct Hit {
    std::size_t size = 0;  ///< Of the answer in `out`; 0: not cached.
    bool refresh = false;  ///< It should be asked for again, though it was answered.
  };
  /// Answers from a reply that still lives, or from a stale one whose last refresh failed.
  Hit answer(const Asker& asker, const CacheKey& key, MonoTime now, std::span<std::uint8_t> out);

  /// For how long a reply to a question of this type may be kept. Truncated ones and errors other
  /// than NXDOMAIN and SERVFAIL never, denials only with a SOA (RFC 2308 5).
  Lifetime lifetime(const ReplySummary& reply, Type type) const;
  /// Keeps a reply as its lifetime says. A SERVFAIL does not displace what can be served stale.
  void store(const CacheKey& key, KeptReply reply, const Lifetime& lifetime, MonoTime now);

  /// There is a reply whose life has ended but that may be served if the upstream fails.
  bool hasStale(const CacheKey& key, MonoTime now);
  /// Notes that it could not be refreshed: from now on answer() serves it at once. False if there
  /// is none.
  bool holdStale(const CacheKey& key, MonoTime now);
  /// Answers from it; 0 if there is none.
  std::size_t answerStale(const Asker& asker, const CacheKey& key, MonoTime now,
                          std::span<std::uint8_t> out);

  std::size_t successEntries() const { return success_.size(); }
  std::size_t denialEntries() const { return denial_.size(); }
  /// Memory of the kept replies.
  std::size_t bytes() const { return success_.bytes() + denial_.bytes(); }
  const CacheCounters& counters() const { return counters_; }

 private:
  CacheEntry* find(std::uint64_t hash, const CacheKey& key, Lifetime::Part& part);
  CacheEntry* findStale(const CacheKey& key, MonoTime now);
  bool usableStale(const CacheEntry& entry, MonoTime now) const;
  bool wantsPrefetch(CacheEntry& entry, std::uint32_t left, MonoTime now) const;
  std::size_t writeStale(const CacheEntry& entry, const Asker& asker, std::span<std::uint8_t> out);

  CacheOptions options_;
  KeyHash hash_;
  CachePart success_;
  CachePart denial_;
  CacheCounters counters_;
};

}  // namespace hitless::dns
