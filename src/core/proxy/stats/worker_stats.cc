#include "core/proxy/stats/worker_stats.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::proxy {
namespace {

/// The statuses of a class are counted by five neighbours: 1xx, 2xx ...
template <class Stat>
void addClass(Counters<Stat>& counters, Stat first, int status) {
  if (status >= 100 && status < 600) {
    counters.add(static_cast<Stat>(static_cast<int>(first) + status / 100 - 1));
  }
}

RequestKey::Protocol protocolOf(const RequestRecord& record) {
  using Protocol = RequestKey::Protocol;
  return record.method.empty() ? Protocol::kTcp : record.grpc ? Protocol::kGrpc : Protocol::kHttp;
}

/// gRPC takes codes that it does not know for UNKNOWN (2).
std::int8_t grpcCode(const RequestRecord& record) {
  if (!record.grpcStatus) {
    return -1;
  }
  return static_cast<std::int8_t>(
      *record.grpcStatus >= 0 && *record.grpcStatus <= 16 ? *record.grpcStatus : 2);
}

void countReplays(Counters<ClusterStat>& counters, const RequestRecord& record) {
  if (!record.replays.empty()) {
    counters.add(ClusterStat::kRqRetry, static_cast<std::int64_t>(record.replays.size()));
    if (record.status > 0 && record.status < 500) {
      counters.add(ClusterStat::kRqRetrySuccess);
    }
  }
  if (record.notReplayed == ReplayReason::kBudgetUsedUp) {
    counters.add(ClusterStat::kRqRetryOverflow);
  } else if (record.notReplayed == ReplayReason::kAttemptsUsedUp) {
    counters.add(ClusterStat::kRqRetryLimitExceeded);
  }
}

void countCluster(ClusterScope& scope, const RequestRecord& record) {
  Counters<ClusterStat>& counters = scope.counters;
  if (record.status > 0) {
    counters.add(ClusterStat::kRqCompleted);
    addClass(counters, ClusterStat::kRq1xx, record.status);
  }
  countReplays(counters, record);
  const auto addIf = [&](Flag flag, ClusterStat stat) {
    if (has(record.flags, flag)) {
      counters.add(stat);
    }
  };
  addIf(Flag::kUpstreamRequestTimeout, ClusterStat::kRqTimeout);
  addIf(Flag::kUpstreamOverflow, ClusterStat::kRqPendingOverflow);
  addIf(Flag::kUpstreamRemoteReset, ClusterStat::kRqRxReset);
  addIf(Flag::kUpstreamConnectionTermination, ClusterStat::kRqRxReset);
  addIf(Flag::kNoHealthyUpstream, ClusterStat::kNoneHealthy);
  if (record.upstreamTime) {
    scope.requestTime.add(*record.upstreamTime);
  }
}

void countHttp(ListenerScope& scope, const RequestRecord& record) {
  Counters<HttpStat>& http = scope.http;
  http.add(HttpStat::kRqActive, -1);
  if (record.status > 0) {
    http.add(HttpStat::kRqCompleted);
    addClass(http, HttpStat::kRq1xx, record.status);
  }
  const auto addIf = [&](Flag flag, HttpStat stat) {
    if (has(record.flags, flag)) {
      http.add(stat);
    }
  };
  addIf(Flag::kUpstreamRequestTimeout, HttpStat::kRqTimeout);
  addIf(Flag::kDownstreamConnectionTermination, HttpStat::kRqRxReset);
  addIf(Flag::kNoRouteFound, HttpStat::kNoRoute);
  addIf(Flag::kNoClusterFound, HttpStat::kNoCluster);
  scope.requestTime.add(record.duration);
}

}  // namespace

std::string statAddress(const Listener& listener) {
  std::string text = Address{listener.address.value_or(IpAddress()), listener.port}.text();
  std::replace(text.begin(), text.end(), ':', '_');
  return text;
}

ListenerScope& WorkerStats::listenerLike(const ListenerScope& like) {
  auto found = listeners_.find(like.name);
  if (found == listeners_.end()) {
    auto made = std::make_unique<ListenerScope>();
    made->name = like.name;
    made->address = like.address;
    made->direction = like.direction;
    found = listeners_.emplace(like.name, std::move(made)).first;
  }
  return *found->second;
}

ListenerScope& WorkerStats::listener(const Listener& listener, Direction direction) {
  ListenerScope like;
  like.name = listener.name;
  like.address = statAddress(listener);
  like.direction = direction;
  return listenerLike(like);
}

ClusterScope& WorkerStats::cluster(std::string_view name) {
  auto found = clusters_.find(name);
  if (found == clusters_.end()) {
    auto made = std::make_unique<ClusterScope>();
    made->name = name;
    found = clusters_.emplace(std::string(name), std::move(made)).first;
  }
  return *found->second;
}

void WorkerStats::accepted(ListenerScope& scope) {
  scope.listener.add(ListenerStat::kCxActive);
  scope.listener.add(ListenerStat::kCxTotal);
  server_.add(ServerStat::kTotalConnections);
}

void WorkerStats::speaks(ListenerScope& scope, HttpVersion version) {
  const bool two = version == HttpVersion::k2;
  scope.http.add(HttpStat::kCxActive);
  scope.http.add(HttpStat::kCxTotal);
  scope.http.add(two ? HttpStat::kCxHttp2Active : HttpStat::kCxHttp1Active);
  scope.http.add(two ? HttpStat::kCxHttp2Total : HttpStat::kCxHttp1Total);
}

void WorkerStats::closed(ListenerScope& scope, const DownstreamEnd& end) {
  scope.listener.add(ListenerStat::kCxActive, -1);
  scope.listener.add(ListenerStat::kCxDestroy);
  server_.add(ServerStat::kTotalConnections, -1);
  if (!end.version) {
    return;
  }
  Counters<HttpStat>& http = scope.http;
  http.add(HttpStat::kCxActive, -1);
  http.add(end.version == HttpVersion::k2 ? HttpStat::kCxHttp2Active : HttpStat::kCxHttp1Active,
           -1);
  http.add(HttpStat::kCxDestroy);
  const auto addIf = [&](bool so, HttpStat stat) {
    if (so) {
      http.add(stat);
    }
  };
  addIf(end.byPeer && end.activeRequests > 0, HttpStat::kCxDestroyRemoteActiveRq);
  addIf(end.drain, HttpStat::kCxDrainClose);
  addIf(end.idle, HttpStat::kCxIdleTimeout);
}

void WorkerStats::upgraded(ListenerScope& scope) {
  scope.http.add(HttpStat::kCxUpgradesActive);
  scope.http.add(HttpStat::kCxUpgradesTotal);
}

void WorkerStats::upgradeEnded(ListenerScope& scope) {
  scope.http.add(HttpStat::kCxUpgradesActive, -1);
}

void WorkerStats::requestBegan(ListenerScope& scope, HttpVersion version) {
  scope.http.add(HttpStat::kRqActive);
  scope.http.add(HttpStat::kRqTotal);
  scope.http.add(version == HttpVersion::k2 ? HttpStat::kRqHttp2Total : HttpStat::kRqHttp1Total);
}

void WorkerStats::requestEnded(ListenerScope& scope, const RequestRecord& record) {
  ClusterScope* const to = record.cluster.empty() ? nullptr : &cluster(record.cluster);
  if (!record.method.empty()) {
    countHttp(scope, record);
  } else if (has(record.flags, Flag::kNoRouteFound)) {
    scope.listener.add(ListenerStat::kNoRoute);
  }
  if (has(record.flags, Flag::kDownstreamProtocolError)) {
    scope.http.add(HttpStat::kCxProtocolError);
  }
  if (to != nullptr) {
    countCluster(*to, record);
  }
  for (const ReplayReason reason : record.replays) {
    ++judged_[static_cast<std::size_t>(reason)];
  }
  if (record.notReplayed) {
    ++judged_[static_cast<std::size_t>(*record.notReplayed)];
  }
  count(scope, to, record);
}

void WorkerStats::count(ListenerScope& listener, ClusterScope* cluster,
                        const RequestRecord& record) {
  RequestKey key;
  key.listener = &listener;
  key.cluster = cluster;
  key.flags = record.flags;
  key.status = static_cast<std::int16_t>(std::clamp(record.status, 0, 999));
  key.grpcStatus = grpcCode(record);
  key.protocol = protocolOf(record);
  RequestCounts& counts = requests_[key];
  ++counts.requests;
  counts.duration.add(record.duration);
  counts.requestBytes.add(static_cast<double>(record.bytesReceived));
  counts.responseBytes.add(static_cast<double>(record.bytesSent));
}

void WorkerStats::connecting(ClusterScope& scope) {
  scope.counters.add(ClusterStat::kCxActive);
  scope.counters.add(ClusterStat::kCxTotal);
}

void WorkerStats::connected(ClusterScope& scope, HttpVersion version, nanoseconds took) {
  scope.counters.add(version == HttpVersion::k2 ? ClusterStat::kCxHttp2Total
                                                : ClusterStat::kCxHttp1Total);
  scope.connectTime.add(took);
}

void WorkerStats::connectFailed(ClusterScope& scope, bool timeout) {
  scope.counters.add(ClusterStat::kCxActive, -1);
  scope.counters.add(ClusterStat::kCxConnectFail);
  if (timeout) {
    scope.counters.add(ClusterStat::kCxConnectTimeout);
  }
}

void WorkerStats::disconnected(ClusterScope& scope, bool byPeer, std::size_t activeRequests) {
  Counters<ClusterStat>& counters = scope.counters;
  counters.add(ClusterStat::kCxActive, -1);
  counters.add(ClusterStat::kCxDestroy);
  counters.add(byPeer ? ClusterStat::kCxDestroyRemote : ClusterStat::kCxDestroyLocal);
  if (activeRequests > 0) {
    counters.add(ClusterStat::kCxDestroyWithActiveRq);
    counters.add(byPeer ? ClusterStat::kCxDestroyRemoteWithActiveRq
                        : ClusterStat::kCxDestroyLocalWithActiveRq);
  }
}

void WorkerStats::tryBegan(ClusterScope& scope) {
  scope.counters.add(ClusterStat::kRqActive);
  scope.counters.add(ClusterStat::kRqTotal);
}

void WorkerStats::tryEnded(ClusterScope& scope, bool timedOut) {
  scope.counters.add(ClusterStat::kRqActive, -1);
  if (timedOut) {
    scope.counters.add(ClusterStat::kRqPerTryTimeout);
  }
}

}  // namespace hitless::proxy
