#include "core/proxy/drain/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hitless::proxy {
namespace {

constexpr nanoseconds kGeneration = std::chrono::minutes(5);
constexpr nanoseconds kFirst = milliseconds(1);  ///< Upper end of the first bucket.
constexpr double kWidth = 1.1;
constexpr nanoseconds kDay = std::chrono::hours(24);

double inSeconds(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

/// The probability that all of these end within `time`.
double allEndWithin(nanoseconds time, const std::vector<nanoseconds>& ages,
                    const RecentDurations& recent) {
  double all = 1;
  for (const nanoseconds age : ages) {
    const auto longer = static_cast<double>(recent.longerThan(age));
    all *= 1 - static_cast<double>(recent.longerThan(age + time)) / longer;
  }
  return all;
}

/// The shortest time, to a millisecond, in which all of them end with this probability.
nanoseconds timeFor(double probability, const std::vector<nanoseconds>& ages,
                    const RecentDurations& recent) {
  nanoseconds low{0};
  nanoseconds high = kDay;
  while (high - low > milliseconds(1)) {
    const nanoseconds middle = low + (high - low) / 2;
    (allEndWithin(middle, ages, recent) >= probability ? high : low) = middle;
  }
  return high;
}

std::string duration(std::optional<nanoseconds> time) {
  return time ? fmt::format("{:.1f} s", inSeconds(*time)) : "unknown";
}

}  // namespace

std::size_t RecentDurations::bucketOf(nanoseconds duration) {
  if (duration <= kFirst) {
    return 0;
  }
  const double ratio = static_cast<double>(duration.count()) / static_cast<double>(kFirst.count());
  const auto bucket = static_cast<std::size_t>(std::ceil(std::log(ratio) / std::log(kWidth)));
  return std::min(bucket, kBuckets - 1);
}

void RecentDurations::add(MonoTime now, nanoseconds duration) {
  if (now - begun_ >= kGeneration) {
    last_ = now - begun_ >= 2 * kGeneration ? Generation{} : current_;
    current_ = {};
    begun_ = now;
  }
  ++current_.counts[bucketOf(duration)];
  ++current_.count;
  current_.longest = std::max(current_.longest, duration);
}

void RecentDurations::merge(const RecentDurations& other) {
  for (const Generation* from : {&other.current_, &other.last_}) {
    for (std::size_t i = 0; i < kBuckets; ++i) {
      current_.counts[i] += from->counts[i];
    }
    current_.count += from->count;
    current_.longest = std::max(current_.longest, from->longest);
  }
}

std::uint64_t RecentDurations::count() const {
  return current_.count + last_.count;
}

nanoseconds RecentDurations::longest() const {
  return std::max(current_.longest, last_.longest);
}

std::uint64_t RecentDurations::longerThan(nanoseconds duration) const {
  if (duration >= longest()) {
    return 0;
  }
  std::uint64_t longer = 0;
  for (std::size_t i = bucketOf(duration); i < kBuckets; ++i) {
    longer += current_.counts[i] + last_.counts[i];
  }
  return longer;
}

Forecast forecast(const InFlight& inFlight, const RecentDurations& recent,
                  const DrainSettings& settings) {
  Forecast result;
  result.inFlight = inFlight.ages.size() + inFlight.streams;
  result.samples = recent.count();
  result.longestSample = recent.longest();
  std::vector<nanoseconds> known;
  for (const nanoseconds age : inFlight.ages) {
    result.oldest = std::max(result.oldest, age);
    if (recent.longerThan(age) > 0) {
      known.push_back(age);
    }
  }
  result.unknown = result.inFlight - known.size();
  if (known.empty() && result.inFlight > 0) {
    return result;
  }
  result.median = known.empty() ? nanoseconds(0) : timeFor(0.5, known, recent);
  result.nearlyCertain = known.empty() ? nanoseconds(0) : timeFor(0.9999, known, recent);
  result.graceAdvised = *result.nearlyCertain + settings.reserve;
  if (settings.grace) {
    const nanoseconds usable = std::max(*settings.grace - settings.reserve, nanoseconds(0));
    result.nothingCut = allEndWithin(usable, known, recent);
  }
  return result;
}

std::string renderForecast(const Forecast& forecast, const DrainSettings& settings) {
  std::string out = fmt::format("mode {}\nin flight {}, oldest {:.1f} s\n", text(settings.mode),
                                forecast.inFlight, inSeconds(forecast.oldest));
  if (forecast.unknown > 0) {
    out += fmt::format(
        "of these {} can not be foretold: older than any request that ended of late ({:.1f} s), or "
        "connections without requests\n",
        forecast.unknown, inSeconds(forecast.longestSample));
  }
  if (forecast.median) {
    out += fmt::format("{} would end in {} (one half), {} (99.99 %), judging by {} requests\n",
                       forecast.unknown > 0 ? "the others" : "all", duration(forecast.median),
                       duration(forecast.nearlyCertain), forecast.samples);
  }
  if (forecast.nothingCut) {
    out += fmt::format("probability that none of them is cut: {:.4f}, with a grace period of {}\n",
                       *forecast.nothingCut, duration(settings.grace));
  } else if (!settings.grace) {
    out += "the grace period is not known: set TERMINATION_GRACE_PERIOD\n";
  }
  return out;
}

kube::json::object forecastToJson(const Forecast& forecast) {
  kube::json::object out{{"inFlight", forecast.inFlight},
                         {"unknown", forecast.unknown},
                         {"samples", forecast.samples},
                         {"longestSampleSeconds", inSeconds(forecast.longestSample)},
                         {"oldestSeconds", inSeconds(forecast.oldest)}};
  const auto add = [&](const char* key, std::optional<nanoseconds> time) {
    if (time) {
      out[key] = inSeconds(*time);
    }
  };
  add("medianSeconds", forecast.median);
  add("nearlyCertainSeconds", forecast.nearlyCertain);
  add("graceAdvisedSeconds", forecast.graceAdvised);
  if (forecast.nothingCut) {
    out["probabilityNothingCut"] = *forecast.nothingCut;
  }
  return out;
}

}  // namespace hitless::proxy
