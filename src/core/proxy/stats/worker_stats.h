#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/proxy/drain/ledger.h"
#include "core/proxy/request_record.h"
#include "core/proxy/stats/counters.h"
#include "core/proxy/stats/histogram.h"

namespace hitless::proxy {

/// Whose requests a listener takes. A gateway's are outbound.
enum class Direction : std::uint8_t { kInbound, kOutbound };

struct ListenerScope {
  std::string name;     ///< Listener::name
  std::string address;  ///< As Envoy's names have it: "0.0.0.0_15006".
  Direction direction = Direction::kOutbound;
  Counters<ListenerStat> listener;
  Counters<HttpStat> http;
  StatHistogram requestTime;
};

struct ClusterScope {
  std::string name;
  Counters<ClusterStat> counters;
  StatHistogram requestTime;  ///< RequestRecord::upstreamTime
  StatHistogram connectTime;
};

/// What Istio's request metrics tell apart, besides the cluster.
struct RequestKey {
  const ListenerScope* listener = nullptr;
  const ClusterScope* cluster = nullptr;  ///< Nullptr: none was chosen.
  Flags flags = 0;
  std::int16_t status = 0;
  std::int8_t grpcStatus = -1;  ///< -1: none.
  enum class Protocol : std::uint8_t { kHttp, kGrpc, kTcp } protocol = Protocol::kHttp;
  bool operator==(const RequestKey&) const = default;
};

struct RequestKeyHash {
  std::size_t operator()(const RequestKey& key) const;
};

struct RequestCounts {
  std::uint64_t requests = 0;
  StatHistogram duration;  ///< ms
  StatHistogram requestBytes;
  StatHistogram responseBytes;
  void merge(const RequestCounts& other);
};

/// What one worker counts. Belongs to its worker alone; what is handed to others is merged into a
/// new one first.
///
/// Connections and requests hold the scope that they are counted in; scopes stay where they are.
class WorkerStats {
 public:
  WorkerStats() = default;
  WorkerStats(WorkerStats&&) = default;
  WorkerStats& operator=(WorkerStats&&) = default;

  /// Finds it by name or makes it; made, it is called so by Envoy's names.
  ListenerScope& listener(const Listener& listener, Direction direction);
  ClusterScope& cluster(std::string_view name);

  void accepted(ListenerScope& scope);
  /// The connection's first bytes say that it is HTTP.
  void speaks(ListenerScope& scope, HttpVersion version);
  struct DownstreamEnd {
    std::optional<HttpVersion> version;  ///< As said by speaks().
    bool byPeer = false;
    bool drain = false;  ///< We closed it because of a drain.
    bool idle = false;   ///< We closed it because nothing came.
    std::size_t activeRequests = 0;
  };
  void closed(ListenerScope& scope, const DownstreamEnd& end);
  void goawaySent() { server_.add(ServerStat::kGoawaySent); }
  void upgraded(ListenerScope& scope);
  void upgradeEnded(ListenerScope& scope);
  void requestBegan(ListenerScope& scope, HttpVersion version);
  /// Of a request that requestBegan() told, or of bytes.
  void requestEnded(ListenerScope& scope, const RequestRecord& record);
  /// As requestEnded() counts it, and as the ledger of the drain does.
  void drained(Fate fate) { ++fates_[static_cast<std::size_t>(fate)]; }

  void connecting(ClusterScope& scope);
  void connected(ClusterScope& scope, HttpVersion version, nanoseconds took);
  /// Instead of connected(); the connection counts as ended.
  void connectFailed(ClusterScope& scope, bool timeout);
  /// After connected().
  void disconnected(ClusterScope& scope, bool byPeer, std::size_t activeRequests);
  void tryBegan(ClusterScope& scope);
  void tryEnded(ClusterScope& scope, bool timedOut);

  /// Adds what another worker has counted.
  void merge(const WorkerStats& other);

  const Counters<ServerStat>& server() const { return server_; }
  template <class Visit>
  void eachListener(Visit&& visit) const {
    for (const auto& [name, scope] : listeners_) {
      visit(*scope);
    }
  }
  template <class Visit>
  void eachCluster(Visit&& visit) const {
    for (const auto& [name, scope] : clusters_) {
      visit(*scope);
    }
  }
  const auto& requests() const { return requests_; }
  std::uint64_t drained(Fate fate) const { return fates_[static_cast<std::size_t>(fate)]; }
  std::uint64_t judged(ReplayReason reason) const {
    return judged_[static_cast<std::size_t>(reason)];
  }

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  template <class Scope>
  using Scopes = std::unordered_map<std::string, std::unique_ptr<Scope>, NameHash, std::equal_to<>>;

  ListenerScope& listenerLike(const ListenerScope& like);
  void count(ListenerScope& listener, ClusterScope* cluster, const RequestRecord& record);

  Counters<ServerStat> server_;
  Scopes<ListenerScope> listeners_;
  Scopes<ClusterScope> clusters_;
  std::unordered_map<RequestKey, RequestCounts, RequestKeyHash> requests_;
  std::array<std::uint64_t, 3> fates_{};
  std::array<std::uint64_t, kReplayReasons> judged_{};
};

/// "0.0.0.0_15006", "[__]_15006" (a colon would end a name), as Envoy's stats call a listener.
std::string statAddress(const Listener& listener);

}  // namespace hitless::proxy
