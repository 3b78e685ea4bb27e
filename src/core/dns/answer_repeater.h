#pragma once

#include "core/dns/cache.h"

namespace hitless::dns {

/// Gives an answer about the cluster's own names again for a while, whatever has changed: what a
/// cluster has whose name servers have a cache in front of the zone (CoreDNS's `cache` plugin with
/// kubeadm's `cache 30`, NodeLocal DNSCache). It exists to show what that costs.
class AnswerRepeater {
 public:
  /// `keep`: how long at most; an answer's own TTL may be shorter. `rng` seeds a hash.
  AnswerRepeater(seconds keep, Rng& rng);

  /// The answer that is kept, written to `out`; 0 if there is none.
  std::size_t repeat(const Query& query, Transport transport, MonoTime now,
                     std::span<std::uint8_t> out);
  void keep(const Query& query, ByteView answer, MonoTime now);

 private:
  Cache cache_;
};

}  // namespace hitless::dns
