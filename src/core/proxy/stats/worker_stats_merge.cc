#include "core/proxy/stats/worker_stats.h"

namespace hitless::proxy {

std::size_t RequestKeyHash::operator()(const RequestKey& key) const {
  std::size_t hash = std::hash<const void*>{}(key.listener);
  const auto mix = [&](std::size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL; };
  mix(std::hash<const void*>{}(key.cluster));
  mix(key.flags);
  mix(static_cast<std::size_t>(key.status) << 16 |
      static_cast<std::size_t>(key.grpcStatus & 0xff) << 8 |
      static_cast<std::size_t>(key.protocol));
  return hash ^ hash >> 32;
}

void RequestCounts::merge(const RequestCounts& other) {
  requests += other.requests;
  duration.merge(other.duration);
  requestBytes.merge(other.requestBytes);
  responseBytes.merge(other.responseBytes);
}

void WorkerStats::merge(const WorkerStats& other) {
  server_.merge(other.server_);
  for (const auto& [name, theirs] : other.listeners_) {
    ListenerScope& ours = listenerLike(*theirs);
    ours.listener.merge(theirs->listener);
    ours.http.merge(theirs->http);
    ours.requestTime.merge(theirs->requestTime);
  }
  for (const auto& [name, theirs] : other.clusters_) {
    ClusterScope& ours = cluster(name);
    ours.counters.merge(theirs->counters);
    ours.requestTime.merge(theirs->requestTime);
    ours.connectTime.merge(theirs->connectTime);
  }
  for (const auto& [theirKey, counts] : other.requests_) {
    RequestKey key = theirKey;
    key.listener = &listenerLike(*theirKey.listener);
    key.cluster = theirKey.cluster == nullptr ? nullptr : &cluster(theirKey.cluster->name);
    requests_[key].merge(counts);
  }
  for (std::size_t i = 0; i < fates_.size(); ++i) {
    fates_[i] += other.fates_[i];
  }
  for (std::size_t i = 0; i < judged_.size(); ++i) {
    judged_[i] += other.judged_[i];
  }
}

}  // namespace hitless::proxy
