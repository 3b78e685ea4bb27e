#include "base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cctype>
#include <charconv>

namespace hitless {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

std::string dateAndTime(WallTime time) {
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{floor<seconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

/// Takes exactly `digits` decimal digits from the front of `text`.
std::optional<int> takeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) {
    return std::nullopt;
  }
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) {
      return std::nullopt;
    }
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

nanoseconds takeFraction(std::string_view& text) {
  std::int64_t value = 0;
  std::int64_t unit = 1'000'000'000;
  while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
    if (unit > 1) {
      unit /= 10;
      value += unit * (text.front() - '0');
    }
    text.remove_prefix(1);
  }
  return nanoseconds{value};
}

}  // namespace

std::string formatTime(WallTime time) {
  return dateAndTime(time) + "Z";
}

std::string formatMicroTime(WallTime time) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(time - floor<seconds>(time));
  return fmt::format("{}.{:06}Z", dateAndTime(time), micros.count());
}

std::optional<WallTime> parseTime(std::string_view text) {
  const auto year = takeDigits(text, 4);
  if (!year || !take(text, '-')) {
    return std::nullopt;
  }
  const auto month = takeDigits(text, 2);
  if (!month || !take(text, '-')) {
    return std::nullopt;
  }
  const auto day = takeDigits(text, 2);
  if (!day || text.empty() || (text.front() != 'T' && text.front() != 't')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto hour = takeDigits(text, 2);
  if (!hour || !take(text, ':')) {
    return std::nullopt;
  }
  const auto minute = takeDigits(text, 2);
  if (!minute || !take(text, ':')) {
    return std::nullopt;
  }
  const auto second = takeDigits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const nanoseconds fraction = take(text, '.') ? takeFraction(text) : nanoseconds{0};
  minutes offset{0};
  if (text == "Z" || text == "z") {
    text = {};
  } else {
    const int sign = take(text, '-') ? -1 : (take(text, '+') ? 1 : 0);
    const auto offsetHours = takeDigits(text, 2);
    if (sign == 0 || !offsetHours || !take(text, ':')) {
      return std::nullopt;
    }
    const auto offsetMinutes = takeDigits(text, 2);
    if (!offsetMinutes) {
      return std::nullopt;
    }
    offset = sign * (hours{*offsetHours} + minutes{*offsetMinutes});
  }
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!text.empty() || !date.ok()) {
    return std::nullopt;
  }
  return WallTime{std::chrono::sys_days{date}} + hours{*hour} + minutes{*minute} +
         seconds{*second} + fraction - offset;
}

std::string humanDuration(nanoseconds duration) {
  const auto total = std::chrono::duration_cast<seconds>(duration).count();
  if (total < -1) {
    return "<invalid>";
  }
  const std::int64_t s = total < 0 ? 0 : total;
  const auto pair = [](std::int64_t big, const char* bigUnit, std::int64_t small,
                       const char* smallUnit) {
    return small == 0 ? fmt::format("{}{}", big, bigUnit)
                      : fmt::format("{}{}{}{}", big, bigUnit, small, smallUnit);
  };
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  constexpr std::int64_t kYear = 365 * kDay;
  if (s < 2 * kMinute) {
    return fmt::format("{}s", s);
  }
  if (s < 10 * kMinute) {
    return pair(s / kMinute, "m", s % kMinute, "s");
  }
  if (s < 3 * kHour) {
    return fmt::format("{}m", s / kMinute);
  }
  if (s < 8 * kHour) {
    return pair(s / kHour, "h", s / kMinute % 60, "m");
  }
  if (s < 2 * kDay) {
    return fmt::format("{}h", s / kHour);
  }
  if (s < 8 * kDay) {
    return pair(s / kDay, "d", s / kHour % 24, "h");
  }
  if (s < 2 * kYear) {
    return fmt::format("{}d", s / kDay);
  }
  if (s < 8 * kYear) {
    return pair(s / kYear, "y", s / kDay % 365, "d");
  }
  return fmt::format("{}y", s / kYear);
}

std::optional<nanoseconds> parseDuration(std::string_view text) {
  if (text == "0") {
    return nanoseconds{0};
  }
  const bool negative = take(text, '-');
  if (text.empty()) {
    return std::nullopt;
  }
  double total = 0;
  while (!text.empty()) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || value < 0) {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    struct Unit {
      std::string_view name;
      double nanos;
    };
    static constexpr Unit kUnits[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                                      {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits) {
      if (text.starts_with(unit.name) &&
          (found == nullptr || unit.name.size() > found->name.size())) {
        found = &unit;
      }
    }
    if (found == nullptr) {
      return std::nullopt;
    }
    text.remove_prefix(found->name.size());
    total += value * found->nanos;
  }
  if (total > 9e18) {
    return std::nullopt;
  }
  return nanoseconds{static_cast<std::int64_t>(negative ? -total : total)};
}

}  // namespace hitless
