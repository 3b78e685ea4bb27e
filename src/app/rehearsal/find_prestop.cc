#include "app/rehearsal/find_prestop.h"

#include <fmt/format.h>

#include <cstdio>

#include "app/rehearsal/carry_out.h"
#include "core/scenario/prestop_sleep.h"

namespace hitless::app {
namespace {

constexpr const char* kProfile = "stock";

/// The plan with a sleep in every pod of its manifests; the answer learns what was changed.
Result<RehearsalPlan> withSleep(RehearsalPlan plan, seconds sleep, nanoseconds stop,
                                report::PrestopAnswer& answer) {
  plan.scenario.profiles = {kProfile};
  plan.scenario.expectProfile = kProfile;
  answer.containers.clear();
  answer.grace = 0;
  answer.graceRaised = false;
  for (Manifest& manifest : plan.manifests) {
    const scenario::SleepChange change = TRY(scenario::putSleep(manifest.object, sleep, stop));
    answer.containers.insert(answer.containers.end(), change.containers.begin(),
                             change.containers.end());
    answer.grace = std::max(answer.grace, change.grace);
    answer.graceRaised = answer.graceRaised || change.graceRaised;
  }
  if (answer.containers.empty()) {
    return invalid("the manifests have no pods that a preStop hook could be put into");
  }
  return plan;
}

std::vector<report::LagSource> lagSources() {
  std::vector<report::LagSource> out;
  for (const scenario::Lag& lag : scenario::stockLags()) {
    out.push_back({std::string(lag.what), lag.value, std::string(lag.source)});
  }
  return out;
}

}  // namespace

Result<report::PrestopAnswer> findPrestop(
    const RehearsalPlan& plan, const std::function<void(const report::Rehearsal&)>& seen) {
  report::PrestopAnswer answer;
  report::SleepSearch search({});
  nanoseconds stop{0};
  while (const auto sleep = search.next()) {
    const RehearsalPlan changed = TRY(withSleep(plan, *sleep, stop, answer));
    fmt::print(stderr, "\n  run {}, with a preStop sleep of {} s\n", search.trials().size() + 1,
               sleep->count());
    const report::Rehearsal rehearsal = TRY(carryOut(changed));
    seen(rehearsal);
    const auto analysed = report::analyse(rehearsal.profiles.front());
    if (search.trials().empty()) {
      answer.estimate = report::estimateOf(*analysed);
      stop = report::longestStop(*analysed);
      search.expect(answer.estimate);
    }
    const report::SleepTrial trial = report::trialOf(*analysed, *sleep);
    search.add(trial);
    fmt::print(stderr, "  {} of {} requests lost to lags, {} otherwise\n", trial.lost, trial.sent,
               trial.despite);
  }
  answer.sleep = search.answer();
  answer.trials = search.trials();
  answer.lags = lagSources();
  TRY_VOID(withSleep(plan, answer.sleep.value_or(seconds{0}), stop, answer)
               .map([](const RehearsalPlan&) {}));
  return answer;
}

}  // namespace hitless::app
