#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "base/rng.h"
#include "sys/proxy/tls_contexts.h"
#include "sys/proxy/upstream_pool.h"

namespace hitless::sys {

/// All connections of one worker to upstreams, and the choice among upstreams.
class UpstreamPools final : public proxy::Upstreams {
 public:
  UpstreamPools(EventLoop& loop, Rng& rng, TlsContexts& tls, UpstreamLimits limits,
                WorkerEvents& events)
      : loop_(loop), rng_(rng), tls_(tls), limits_(limits), events_(events) {}

  std::unique_ptr<proxy::Call> call(const proxy::CallSpec& spec,
                                    proxy::CallEvents& events) override;

  /// Where a connection of bytes goes; nullopt if there is no upstream.
  struct Place {
    proxy::Address address;
    std::string pod;
  };
  std::optional<Place> place(const proxy::CallSpec& spec);

  /// Upstreams that are not ready any more lose their idle connections.
  void setTable(std::shared_ptr<const proxy::RouteTable> table);
  /// Whether the upstream is leaving, or has left, as was planned.
  bool departed(const std::string& cluster, const proxy::Address& upstream) const;
  void sweep();

  /// Calls and connections to one upstream of a cluster.
  struct Load {
    std::size_t calls = 0;
    std::size_t connections = 0;
    std::uint64_t callsTotal = 0;
    std::uint64_t connectionsTotal = 0;
    std::uint64_t connectFailed = 0;
  };
  Load load(const std::string& cluster, const proxy::Address& upstream) const;

 private:
  using Key = std::pair<proxy::Address, proxy::HttpVersion>;
  /// By cluster, because TLS and the like belong to it.
  using Pools = std::map<Key, std::unique_ptr<UpstreamPool>>;

  void replace(Pools& pools);
  /// If it is retired and has nothing any more.
  bool bury(std::unique_ptr<UpstreamPool>& pool);
  const proxy::Upstream* choose(const proxy::CallSpec& spec);
  const proxy::Upstream* lessBusy(const proxy::CallSpec& spec,
                                  const std::vector<const proxy::Upstream*>& candidates);
  UpstreamPool& poolFor(const proxy::CallSpec& spec, const proxy::Address& address,
                        const std::string& pod);

  EventLoop& loop_;
  Rng& rng_;
  TlsContexts& tls_;
  UpstreamLimits limits_;
  WorkerEvents& events_;
  std::shared_ptr<const proxy::RouteTable> table_;
  std::unordered_map<std::string, Pools> clusters_;
  /// Of clusters that trust others now. They go when their calls have ended.
  std::vector<std::unique_ptr<UpstreamPool>> replaced_;
  std::unordered_map<std::string, std::size_t> turns_;  ///< Of round robin, by cluster.
  std::vector<const proxy::Upstream*> candidates_;
};

}  // namespace hitless::sys
