#include "core/report/series.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/load/render.h"
#include "core/report/analysis.h"
#include "core/report/json_parts.h"
#include "core/report/render_json.h"

namespace hitless::report {
namespace {

using kube::json::array;
using kube::json::object;
using load::countText;

constexpr std::string_view kSchema = "hitless.io/rehearsals/v1";

}  // namespace

void Series::add(const Rehearsal& rehearsal) {
  Run run;
  run.passed = report::passed(rehearsal);
  for (const ProfileRun& profile : rehearsal.profiles) {
    const auto report = analyse(profile);
    run.profiles.push_back({profile.profile, report->totals.sent, report->totals.failed,
                            report->over, report->longestReconnect});
  }
  run.report = renderJson(rehearsal);
  runs_.push_back(std::move(run));
}

bool Series::passed() const {
  return !runs_.empty() &&
         std::all_of(runs_.begin(), runs_.end(), [](const Run& run) { return run.passed; });
}

std::string Series::lastLine(int of) const {
  const Run& run = runs_.back();
  std::vector<std::string> parts;
  for (const ProfileResult& one : run.profiles) {
    parts.push_back(fmt::format(
        "{} lost {} of {}{}", one.profile, one.failed == 0 ? "none" : countText(one.failed),
        countText(one.sent), one.over ? ", over in " + load::durationText(*one.over) : ""));
  }
  return fmt::format("  run {:>{}} of {}  {}  {}", runs_.size(), std::to_string(of).size(), of,
                     run.passed ? "PASS" : "FAIL", join(parts, "; "));
}

std::vector<const Series::ProfileResult*> Series::of(const std::string& profile) const {
  std::vector<const ProfileResult*> found;
  for (const Run& run : runs_) {
    for (const ProfileResult& one : run.profiles) {
      if (one.profile == profile) {
        found.push_back(&one);
      }
    }
  }
  return found;
}

std::string Series::summary() const {
  std::string out = "\n";
  for (const ProfileResult& first : runs_.empty() ? Run{}.profiles : runs_.front().profiles) {
    std::vector<std::string> lost;
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
    for (const ProfileResult* one : of(first.profile)) {
      lost.push_back(countText(one->failed));
      sent += one->sent;
      failed += one->failed;
    }
    out += fmt::format("  {:<10} lost {} of {} requests; run by run: {}\n", first.profile,
                       failed == 0 ? "none" : countText(failed), countText(sent), join(lost, " "));
  }
  const auto good =
      std::count_if(runs_.begin(), runs_.end(), [](const Run& r) { return r.passed; });
  return out + fmt::format("\n  {}  {} of {} runs met the expectation\n",
                           passed() ? "PASS" : "FAIL", good, runs_.size());
}

object Series::toJson() const {
  array runs;
  for (const Run& run : runs_) {
    runs.push_back(run.report);
  }
  array profiles;
  for (const ProfileResult& first : runs_.empty() ? Run{}.profiles : runs_.front().profiles) {
    array failed;
    nanoseconds longest{0};
    for (const ProfileResult* one : of(first.profile)) {
      failed.push_back(kube::json::value(one->failed));
      longest = std::max(longest, one->longestReconnect.value_or(nanoseconds{0}));
    }
    profiles.push_back(object{{"profile", first.profile},
                              {"failed", std::move(failed)},
                              {"longestReconnectMs", ms(longest)}});
  }
  return {{"schema", kSchema},
          {"passed", passed()},
          {"profiles", std::move(profiles)},
          {"runs", std::move(runs)}};
}

}  // namespace hitless::report
