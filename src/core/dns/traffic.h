#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/ip.h"
#include "core/dns/types.h"

namespace hitless::dns {

/// A histogram with fixed upper bounds, as cheap to fill as can be.
template <std::size_t N>
struct Buckets {
  std::array<std::uint64_t, N + 1> counts{};  ///< Not cumulative; the last: larger ones.
  double sum = 0;

  void add(double value, const std::array<double, N>& bounds, std::uint64_t times = 1) {
    std::size_t i = 0;
    while (i < N && value > bounds[i]) {
      ++i;
    }
    counts[i] += times;
    sum += value * static_cast<double>(times);
  }
};

/// CoreDNS's bounds (plugin.TimeBuckets, and its metrics plugin's for sizes), seconds and bytes.
inline constexpr std::array<double, 16> kTimeBounds = {0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008,
                                                       0.016,   0.032,  0.064, 0.128, 0.256, 0.512,
                                                       1.024,   2.048,  4.096, 8.192};
inline constexpr std::array<double, 14> kSizeBounds = {
    0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16000, 32000, 48000, 64000};

/// Who made an answer; CoreDNS calls it the plugin.
enum class Source : std::uint8_t { kZone, kCache, kForward, kServer };
inline constexpr std::array<const char*, 4> kSourceNames = {"kubernetes", "cache", "forward", ""};

/// Query types that metrics tell apart; as in CoreDNS the others are "other".
inline constexpr std::array<const char*, 15> kCountedTypes = {
    "A",  "AAAA", "MX",  "SOA",  "CNAME", "PTR",   "TXT",  "NS",
    "DS", "SRV",  "ANY", "IXFR", "AXFR",  "HTTPS", "other"};
std::size_t countedType(Type type);

/// Numbers of one responder. They only grow.
struct Traffic {
  static constexpr std::size_t kRcodes = 24;
  struct Zone {
    std::uint64_t requests[2][2][kCountedTypes.size()] = {};  ///< transport, family, type
    std::uint64_t responses[kSourceNames.size()][kRcodes] = {};
    Buckets<kTimeBounds.size()> duration;
    Buckets<kSizeBounds.size()> requestSize[2];   ///< by transport
    Buckets<kSizeBounds.size()> responseSize[2];  ///< by transport
    std::uint64_t dnssecRequests = 0;
  };
  Zone own;                          ///< Names of the cluster's zone.
  Zone elsewhere;                    ///< All others: zone "."
  std::uint64_t ignored = 0;         ///< Not queries at all.
  std::uint64_t malformed = 0;       ///< Answered FORMERR, NOTIMP or BADVERS.
  std::uint64_t searches = 0;        ///< Answers that spared the client a walk: autopath.
  std::uint64_t parked = 0;          ///< Queries that waited for a name.
  std::uint64_t parkedAnswered = 0;  ///< ... and got it in time.
  std::uint64_t parkingFull = 0;     ///< Queries that could not wait because too many did.
};

}  // namespace hitless::dns
