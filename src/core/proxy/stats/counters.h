#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Numbers with names. An enumeration says which there are in a scope, a table (stat_table.cc) what
/// they are called and what they mean; nothing else does.
namespace hitless::proxy {

enum class StatType : std::uint8_t { kCounter, kGauge };

/// Of the whole process.
enum class ServerStat : std::uint8_t { kGoawaySent, kTotalConnections, kCount };

/// Of a listening socket.
enum class ListenerStat : std::uint8_t { kCxActive, kCxTotal, kCxDestroy, kNoRoute, kCount };

/// Of HTTP on a listener.
enum class HttpStat : std::uint8_t {
  kCxActive,
  kCxTotal,
  kCxHttp1Active,
  kCxHttp1Total,
  kCxHttp2Active,
  kCxHttp2Total,
  kCxDestroy,
  kCxDestroyRemoteActiveRq,
  kCxDrainClose,
  kCxIdleTimeout,
  kCxProtocolError,
  kCxUpgradesActive,
  kCxUpgradesTotal,
  kRqActive,
  kRqTotal,
  kRqHttp1Total,
  kRqHttp2Total,
  kRqCompleted,
  kRq1xx,
  kRq2xx,
  kRq3xx,
  kRq4xx,
  kRq5xx,
  kRqTimeout,
  kRqRxReset,
  kNoRoute,
  kNoCluster,
  kCount
};

/// Of connections and requests to a cluster.
enum class ClusterStat : std::uint8_t {
  kCxActive,
  kCxTotal,
  kCxHttp1Total,
  kCxHttp2Total,
  kCxConnectFail,
  kCxConnectTimeout,
  kCxDestroy,
  kCxDestroyLocal,
  kCxDestroyRemote,
  kCxDestroyWithActiveRq,
  kCxDestroyLocalWithActiveRq,
  kCxDestroyRemoteWithActiveRq,
  kRqActive,
  kRqTotal,
  kRqCompleted,
  kRq1xx,
  kRq2xx,
  kRq3xx,
  kRq4xx,
  kRq5xx,
  kRqRetry,
  kRqRetrySuccess,
  kRqRetryOverflow,
  kRqRetryLimitExceeded,
  kRqTimeout,
  kRqPerTryTimeout,
  kRqPendingOverflow,
  kRqRxReset,
  kNoneHealthy,
  kCount
};

struct StatRow {
  std::string_view name;  ///< In its scope: "upstream_cx_active".
  StatType type = StatType::kCounter;
  std::string_view help;
};

/// One row for each number, in the order of the enumeration.
std::span<const StatRow> statTable(ServerStat);
std::span<const StatRow> statTable(ListenerStat);
std::span<const StatRow> statTable(HttpStat);
std::span<const StatRow> statTable(ClusterStat);

/// The numbers of one scope, and which of them were ever changed (Envoy's "usedonly").
template <class Stat>
class Counters {
 public:
  static constexpr std::size_t kSize = static_cast<std::size_t>(Stat::kCount);

  void add(Stat stat, std::int64_t amount = 1) {
    const auto index = static_cast<std::size_t>(stat);
    values_[index] += amount;
    used_.set(index);
  }
  std::int64_t operator[](Stat stat) const { return values_[static_cast<std::size_t>(stat)]; }
  bool used(Stat stat) const { return used_[static_cast<std::size_t>(stat)]; }
  void merge(const Counters& other) {
    for (std::size_t i = 0; i < kSize; ++i) {
      values_[i] += other.values_[i];
    }
    used_ |= other.used_;
  }

 private:
  std::array<std::int64_t, kSize> values_{};
  std::bitset<kSize> used_;
};

}  // namespace hitless::proxy
