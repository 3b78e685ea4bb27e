#include "sys/proxy/upstreams.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace hitless::sys {

using proxy::CallFailure;
using proxy::CallSpec;
using proxy::HttpVersion;
using proxy::Upstream;
using proxy::UpstreamProtocol;

namespace {

HttpVersion versionFor(const CallSpec& spec) {
  switch (spec.cluster->protocol) {
    case UpstreamProtocol::kHttp1:
      return HttpVersion::k11;
    case UpstreamProtocol::kHttp2:
      return HttpVersion::k2;
    case UpstreamProtocol::kSameAsDownstream:
      return spec.downstream == HttpVersion::k2 ? HttpVersion::k2 : HttpVersion::k11;
  }
  return HttpVersion::k11;
}

bool among(const std::vector<proxy::Address>& addresses, const proxy::Address& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

/// Those that may be had: ready and not avoided, or else ready, or else what still serves.
void candidates(const CallSpec& spec, std::vector<const Upstream*>& out) {
  const std::vector<Upstream>& all = spec.cluster->upstreams;
  const auto fill = [&](bool ready, bool fresh) {
    out.clear();
    for (const Upstream& one : all) {
      if ((!ready || one.ready) && (!fresh || !among(spec.avoid, one.address))) {
        out.push_back(&one);
      }
    }
    return !out.empty();
  };
  const bool found = fill(true, true) || fill(true, false) || fill(false, true);
  if (!found) {
    fill(false, false);
  }
}

}  // namespace

const Upstream* UpstreamPools::lessBusy(const CallSpec& spec,
                                        const std::vector<const Upstream*>& of) {
  const Upstream* const first = of[rng_.below(of.size())];
  const Upstream* const second = of[rng_.below(of.size())];
  const std::string& cluster = spec.cluster->name;
  return load(cluster, second->address).calls < load(cluster, first->address).calls ? second
                                                                                    : first;
}

const Upstream* UpstreamPools::choose(const CallSpec& spec) {
  if (spec.cluster->upstreams.size() == 1) {
    return &spec.cluster->upstreams.front();
  }
  candidates(spec, candidates_);
  if (candidates_.empty()) {
    return nullptr;
  }
  if (spec.cluster->balancing == proxy::Balancing::kRoundRobin) {
    return candidates_[turns_[spec.cluster->name]++ % candidates_.size()];
  }
  return lessBusy(spec, candidates_);
}

UpstreamPool& UpstreamPools::poolFor(const CallSpec& spec, const proxy::Address& address,
                                     const std::string& pod) {
  const HttpVersion version = versionFor(spec);
  std::unique_ptr<UpstreamPool>& pool = clusters_[spec.cluster->name][{address, version}];
  if (pool == nullptr) {
    UpstreamPool::Place place{spec.cluster->name, address, pod, version, nullptr, {}, true};
    if (spec.cluster->tls) {
      place.tls = tls_.client(*spec.cluster->tls, version);
      place.serverName = spec.cluster->tls->serverName;
      place.verify = spec.cluster->tls->verify;
    }
    pool = std::make_unique<UpstreamPool>(loop_, std::move(place), limits_, events_);
  }
  return *pool;
}

std::unique_ptr<proxy::Call> UpstreamPools::call(const CallSpec& spec, proxy::CallEvents& events) {
  auto call = std::make_unique<PooledCall>(loop_, events);
  CallFailure overflow;
  overflow.kind = CallFailure::Kind::kOverflow;
  if (spec.cluster->originalDestination) {
    call->start(poolFor(spec, spec.originalDestination, {}), overflow);
    return call;
  }
  const Upstream* const upstream = choose(spec);
  if (upstream == nullptr) {
    CallFailure failure;
    failure.kind = CallFailure::Kind::kNoUpstream;
    call->failLater(std::move(failure));
    return call;
  }
  UpstreamPool& pool = poolFor(spec, upstream->address, upstream->pod);
  if (upstream->ready && !departed(spec.cluster->name, upstream->address)) {
    pool.revive();
  }
  call->start(pool, overflow);
  return call;
}

std::optional<UpstreamPools::Place> UpstreamPools::place(const CallSpec& spec) {
  if (spec.cluster->originalDestination) {
    return Place{spec.originalDestination, {}};
  }
  const Upstream* const upstream = choose(spec);
  if (upstream == nullptr) {
    return std::nullopt;
  }
  return Place{upstream->address, upstream->pod};
}

UpstreamPools::Load UpstreamPools::load(const std::string& cluster,
                                        const proxy::Address& upstream) const {
  Load load;
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) {
    return load;
  }
  for (const HttpVersion version : {HttpVersion::k11, HttpVersion::k2}) {
    if (const auto pool = found->second.find({upstream, version}); pool != found->second.end()) {
      load.calls += pool->second->load();
      load.connections += pool->second->connections();
      load.callsTotal += pool->second->totals().calls;
      load.connectionsTotal += pool->second->totals().connections;
      load.connectFailed += pool->second->totals().connectFailed;
    }
  }
  return load;
}

bool UpstreamPools::departed(const std::string& cluster, const proxy::Address& upstream) const {
  if (table_ == nullptr) {
    return false;
  }
  const auto found = table_->clusters.find(cluster);
  if (found == table_->clusters.end()) {
    return true;
  }
  if (found->second->originalDestination) {
    return false;
  }
  const auto& all = found->second->upstreams;
  return std::none_of(all.begin(), all.end(),
                      [&](const Upstream& one) { return one.ready && one.address == upstream; });
}

/// Nothing new goes over connections that were made with another idea of whom to trust.
void UpstreamPools::replace(Pools& pools) {
  for (auto& [key, pool] : pools) {
    pool->retire();
    replaced_.push_back(std::move(pool));
  }
  pools.clear();
}

void UpstreamPools::setTable(std::shared_ptr<const proxy::RouteTable> table) {
  const std::shared_ptr<const proxy::RouteTable> before = std::exchange(table_, std::move(table));
  for (auto& [cluster, pools] : clusters_) {
    const auto now = table_->clusters.find(cluster);
    const auto then = before == nullptr ? now : before->clusters.find(cluster);
    const bool same =
        before == nullptr || (now != table_->clusters.end() && then != before->clusters.end() &&
                              now->second->tls == then->second->tls);
    if (!same) {
      replace(pools);
    }
    for (auto& [key, pool] : pools) {
      if (departed(cluster, key.first)) {
        pool->retire();
      }
    }
  }
}

bool UpstreamPools::bury(std::unique_ptr<UpstreamPool>& pool) {
  const bool over = pool->retired() && pool->empty() && pool->load() == 0;
  if (over) {
    loop_.bury(std::move(pool));
  }
  return over;
}

void UpstreamPools::sweep() {
  for (auto& [cluster, pools] : clusters_) {
    for (auto& [key, pool] : pools) {
      pool->sweep();
    }
    // Buried, because they may have put something off until the end of this turn of the loop.
    for (auto at = pools.begin(); at != pools.end();) {
      at = bury(at->second) ? pools.erase(at) : std::next(at);
    }
  }
  for (const auto& pool : replaced_) {
    pool->sweep();
  }
  std::erase_if(replaced_, [this](auto& pool) { return bury(pool); });
}

}  // namespace hitless::sys
