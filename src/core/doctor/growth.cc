#include "core/doctor/growth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/count_text.h"

namespace hitless::doctor {
namespace {

constexpr nanoseconds kRemembered = std::chrono::minutes(10);

std::optional<nanoseconds> untilLimit(const Gauge& gauge, double perMinute) {
  if (gauge.limit == 0 || gauge.value >= gauge.limit || perMinute <= 0) {
    return std::nullopt;
  }
  const double minutes = static_cast<double>(gauge.limit - gauge.value) / perMinute;
  constexpr double kFar = 60.0 * 24 * 365;  // Beyond a year a forecast says nothing.
  if (minutes > kFar) {
    return std::nullopt;
  }
  return nanoseconds(static_cast<std::int64_t>(minutes * 60e9));
}

}  // namespace

std::string render(const Growth& growth) {
  std::string out = fmt::format(
      "{} {} ({}{}, {} a minute)", growth.gauge.name, grouped(growth.gauge.value),
      growth.change < 0 ? "-" : "+", grouped(static_cast<std::uint64_t>(std::abs(growth.change))),
      grouped(static_cast<std::uint64_t>(std::llround(std::abs(growth.perMinute)))));
  if (growth.untilLimit) {
    out += fmt::format("; in {} {}", humanDuration(*growth.untilLimit), growth.gauge.limitText);
  } else if (growth.gauge.limit != 0 && growth.gauge.value >= growth.gauge.limit) {
    out += "; now " + growth.gauge.limitText;
  }
  return out;
}

std::vector<Growth> GrowthWatch::look(MonoTime now, const std::vector<Gauge>& gauges) {
  std::vector<Growth> changed;
  std::map<std::string, std::vector<Point>> next;
  for (const Gauge& gauge : gauges) {
    std::vector<Point> points = std::move(remembered_[gauge.name]);
    std::erase_if(points, [now](const Point& point) { return now - point.at > kRemembered; });
    if (!points.empty() && points.back().value != gauge.value) {
      const double minutes =
          std::chrono::duration<double, std::ratio<60>>(now - points.front().at).count();
      const auto grown =
          static_cast<double>(gauge.value) - static_cast<double>(points.front().value);
      const double perMinute = minutes > 0 ? grown / minutes : 0;
      changed.push_back({gauge, static_cast<std::int64_t>(gauge.value - points.back().value),
                         perMinute, untilLimit(gauge, perMinute)});
    }
    points.push_back({now, gauge.value});
    next.emplace(gauge.name, std::move(points));
  }
  remembered_ = std::move(next);
  std::stable_sort(changed.begin(), changed.end(),
                   [](const Growth& a, const Growth& b) { return a.perMinute > b.perMinute; });
  return changed;
}

}  // namespace hitless::doctor
