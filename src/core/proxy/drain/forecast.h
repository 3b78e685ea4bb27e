#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/kube/json.h"
#include "core/proxy/drain/mode.h"

/// How long a drain would take, from how long requests took of late: GET /drain?dry-run.
namespace hitless::proxy {

/// How long requests took in the last five to ten minutes, in buckets 10 % wide, up to a day. Of a
/// bounded size whatever happens.
class RecentDurations {
 public:
  void add(MonoTime now, nanoseconds duration);
  void merge(const RecentDurations& other);

  std::uint64_t count() const;
  nanoseconds longest() const;
  /// How many took longer than this, or nearly as long.
  std::uint64_t longerThan(nanoseconds duration) const;

 private:
  static constexpr std::size_t kBuckets = 200;
  struct Generation {
    std::array<std::uint32_t, kBuckets> counts{};
    std::uint64_t count = 0;
    nanoseconds longest{};
  };
  static std::size_t bucketOf(nanoseconds duration);

  MonoTime begun_{};  ///< The current generation.
  Generation current_;
  Generation last_;
};

struct Forecast {
  std::size_t inFlight = 0;
  /// Of these: older than any request that ended of late, or of a kind that has no usual duration
  /// (an upgraded connection). When they end is not known; the rest of the forecast leaves them
  /// out.
  std::size_t unknown = 0;
  std::uint64_t samples = 0;  ///< What it rests on.
  nanoseconds longestSample{};
  nanoseconds oldest{};  ///< In flight.
  /// From now on: all others have ended with a probability of one half, and of 99.99 %. nullopt:
  /// there is nothing to judge from.
  std::optional<nanoseconds> median;
  std::optional<nanoseconds> nearlyCertain;
  /// That all others end within the grace period but for the reserve; nullopt also without one.
  std::optional<double> nothingCut;
  /// grace period that would do, if the unknown ones were not there.
  std::optional<nanoseconds> graceAdvised;
};

/// What is in flight.
struct InFlight {
  std::vector<nanoseconds> ages;  ///< Of requests.
  std::size_t streams = 0;        ///< Upgraded connections and connections of bytes.
};

/// A request of age a lasts t more with the probability that one of those that lasted longer than a
/// lasted longer than a + t; requests are taken to be independent of each other.
Forecast forecast(const InFlight& inFlight, const RecentDurations& recent,
                  const DrainSettings& settings);

std::string renderForecast(const Forecast& forecast, const DrainSettings& settings);
kube::json::object forecastToJson(const Forecast& forecast);

}  // namespace hitless::proxy
