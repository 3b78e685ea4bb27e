#include "core/report/prestop_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/load/render.h"
#include "core/report/ink.h"
#include "core/report/json_parts.h"

namespace hitless::report {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;
using load::countText;

constexpr std::size_t kWidth = 98;
constexpr std::string_view kSchema = "hitless.io/prestop/v1";
constexpr std::string_view kWorth =
    "This is a guess: it holds for this load on this machine and for the delays below. A real "
    "cluster's are longer when it is large or busy, and have no upper bound. The sleep is added to "
    "the end of every pod, also when nothing is lagging.";

std::string verdict(const PrestopAnswer& answer) {
  if (!answer.sleep) {
    return fmt::format("no preStop sleep of up to {} s was enough",
                       answer.trials.empty() ? 0 : answer.trials.back().sleep.count());
  }
  if (answer.sleep->count() == 0) {
    return "no preStop sleep is needed here: nothing was lost to a lag";
  }
  return fmt::format("the smallest preStop sleep with which stock lost nothing to a lag: {} s",
                     answer.sleep->count());
}

std::string trialLines(const PrestopAnswer& answer) {
  std::map<seconds, std::vector<SleepTrial>> bySleep;
  for (const SleepTrial& trial : answer.trials) {
    bySleep[trial.sleep].push_back(trial);
  }
  std::string out = "     sleep  requests  lost to lags, run by run     lost otherwise\n";
  for (const auto& [sleep, trials] : bySleep) {
    std::uint64_t sent = 0;
    std::uint64_t despite = 0;
    std::string lost;
    for (const SleepTrial& trial : trials) {
      sent += trial.sent;
      despite += trial.despite;
      lost += (lost.empty() ? "" : "  ") + countText(trial.lost);
    }
    out += fmt::format("  {:>6} s {:>9}  {:<26} {:>16}\n", sleep.count(), countText(sent), lost,
                       countText(despite));
  }
  return out;
}

bool lostDespite(const PrestopAnswer& answer) {
  return std::any_of(answer.trials.begin(), answer.trials.end(), [&](const SleepTrial& trial) {
    return answer.sleep && trial.sleep == *answer.sleep && trial.despite > 0;
  });
}

std::string snippet(const PrestopAnswer& answer) {
  std::string out = "  For the pod template:\n\n";
  if (answer.graceRaised) {
    out += fmt::format("      terminationGracePeriodSeconds: {}   # the sleep is part of it\n",
                       answer.grace);
  }
  out += "      containers:\n";
  for (const std::string& container : answer.containers) {
    out += fmt::format(
        "      - name: {}\n        lifecycle: {{preStop: {{sleep: {{seconds: {}}}}}}}\n", container,
        answer.sleep->count());
  }
  return out + "\n" +
         paragraph(
             "Kubernetes sleeps whole seconds, and has this hook since 1.30 (KEP-3960); before "
             "that: exec: {command: [sleep, \"" +
                 std::to_string(answer.sleep->count()) + "\"]}, if the image has a sleep.",
             kWidth);
}

std::string lagLines(const PrestopAnswer& answer) {
  std::string out;
  for (const LagSource& lag : answer.lags) {
    out += paragraph(
        fmt::format("{:>8}  {}; {}", load::durationText(lag.value), lag.what, lag.source), kWidth);
  }
  return out;
}

}  // namespace

std::string renderText(const PrestopAnswer& answer) {
  std::string out = fmt::format("  {}\n\n{}\n", verdict(answer), trialLines(answer));
  if (answer.sleep && answer.sleep->count() > 0) {
    out += snippet(answer) + "\n";
  }
  if (lostDespite(answer)) {
    out += paragraph(
               "Against what was lost otherwise no sleep helps: requests in flight that the "
               "application cuts, kept-alive connections that it closes, its own errors.",
               kWidth) +
           "\n";
  }
  return out + paragraph(kWorth, kWidth) + lagLines(answer);
}

object renderJson(const PrestopAnswer& answer) {
  array trials;
  for (const SleepTrial& trial : answer.trials) {
    trials.push_back(object{{"sleepSeconds", trial.sleep.count()},
                            {"sent", trial.sent},
                            {"lostToLags", trial.lost},
                            {"lostOtherwise", trial.despite}});
  }
  array lags;
  for (const LagSource& lag : answer.lags) {
    lags.push_back(object{{"what", lag.what}, {"ms", ms(lag.value)}, {"source", lag.source}});
  }
  array containers(answer.containers.begin(), answer.containers.end());
  return {{"schema", kSchema},
          {"sleepSeconds", answer.sleep ? value(answer.sleep->count()) : value(nullptr)},
          {"estimateSeconds", answer.estimate.count()},
          {"terminationGracePeriodSeconds", answer.grace},
          {"graceRaised", answer.graceRaised},
          {"containers", std::move(containers)},
          {"runs", std::move(trials)},
          {"lags", std::move(lags)}};
}

}  // namespace hitless::report
