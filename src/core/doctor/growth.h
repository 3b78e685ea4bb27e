#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

/// What grows on a node, how fast, and when it will hurt: `hitless doctor --watch`.
namespace hitless::doctor {

/// Something that is counted, and from where on it hurts.
struct Gauge {
  std::string name;  ///< "ip filter KUBE-ROUTER-INPUT: rules"
  std::uint64_t value = 0;
  std::uint64_t limit = 0;  ///< 0: none is known.
  std::string limitText;    ///< "each packet takes 10 ms"
};

struct Growth {
  Gauge gauge;
  std::int64_t change = 0;                ///< Since the look before.
  double perMinute = 0;                   ///< Over all that is remembered.
  std::optional<nanoseconds> untilLimit;  ///< nullopt: it does not grow, is there, or has no limit.
};
/// "ip filter KUBE-ROUTER-INPUT: rules 1,055,488 (+12, 3,012 a minute); in 3h each packet takes 10
/// ms"
std::string render(const Growth& growth);

/// Remembers the last ten minutes of each gauge.
class GrowthWatch {
 public:
  /// What has changed since the look before, the fastest first; nothing at the first look. Gauges
  /// that are gone are forgotten.
  std::vector<Growth> look(MonoTime now, const std::vector<Gauge>& gauges);

 private:
  struct Point {
    MonoTime at;
    std::uint64_t value = 0;
  };
  std::map<std::string, std::vector<Point>> remembered_;
};

}  // namespace hitless::doctor
