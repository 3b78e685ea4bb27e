#include "core/report/prestop.h"

#include <algorithm>

namespace hitless::report {
namespace {

using enum FailureClass;

seconds roundedUp(nanoseconds duration) {
  return std::chrono::ceil<seconds>(std::max(duration, nanoseconds{0}));
}

FailureClass rootOf(const Attribution& why) {
  return why.failureClass == kBackoff ? why.root : why.failureClass;
}

/// The last time at which one of the nodes' rules still led to the pod, after its deletion.
nanoseconds rulesLag(const PodHistory& pod) {
  nanoseconds longest{0};
  for (const Step& step : pod.steps) {
    if (step.what == timeline::name(timeline::What::kRulesCommitted)) {
      longest = std::max(longest, step.time - *pod.deleted);
    }
  }
  return longest;
}

}  // namespace

void SleepSearch::add(const SleepTrial& trial) {
  trials_.push_back(trial);
}

/// The longest sleep with which something was lost.
std::optional<seconds> SleepSearch::tooShort() const {
  std::optional<seconds> found;
  for (const SleepTrial& trial : trials_) {
    if (trial.lost > 0) {
      found = std::max(found.value_or(trial.sleep), trial.sleep);
    }
  }
  return found;
}

/// The shortest sleep above that with which nothing was lost.
std::optional<seconds> SleepSearch::enough() const {
  const auto low = tooShort();
  std::optional<seconds> found;
  for (const SleepTrial& trial : trials_) {
    if (trial.lost == 0 && (!low || trial.sleep > *low)) {
      found = std::min(found.value_or(trial.sleep), trial.sleep);
    }
  }
  return found;
}

int SleepSearch::cleanRuns(seconds sleep) const {
  return static_cast<int>(std::count_if(trials_.begin(), trials_.end(), [&](const SleepTrial& t) {
    return t.sleep == sleep && t.lost == 0;
  }));
}

std::optional<seconds> SleepSearch::upwards(std::optional<seconds> low) const {
  if (!low) {
    return seconds{0};
  }
  if (*low >= options_.longest) {
    return std::nullopt;
  }
  const bool fresh = estimate_ && *estimate_ > *low;
  return std::min(fresh ? *estimate_ : std::max(*low + seconds{1}, *low * 2), options_.longest);
}

std::optional<seconds> SleepSearch::next() const {
  const auto low = tooShort();
  const auto high = enough();
  if (!high) {
    return upwards(low);
  }
  const seconds below = low.value_or(seconds{-1});
  if (*high - below > seconds{1}) {
    // The estimate is mostly right: then the next smaller sleep is too short, and that is all.
    const bool atEstimate = estimate_ && *high == *estimate_;
    return atEstimate ? *high - seconds{1} : below + (*high - below) / 2;
  }
  return cleanRuns(*high) < options_.confirmations ? high : std::nullopt;
}

std::optional<seconds> SleepSearch::answer() const {
  const auto high = enough();
  return high && cleanRuns(*high) >= options_.confirmations ? high : std::nullopt;
}

bool sleepHelps(FailureClass failureClass) {
  return failureClass == kEndpointLag || failureClass == kDnsLag || failureClass == kDnsKept ||
         failureClass == kDeadAddress || failureClass == kPastCommit || failureClass == kNotListed;
}

SleepTrial trialOf(const ProfileReport& report, seconds sleep) {
  SleepTrial trial{sleep, report.totals.sent, 0, 0};
  for (const FailureGroup& group : report.groups) {
    if (group.failureClass != kBackoff) {
      (sleepHelps(group.failureClass) ? trial.lost : trial.despite) += group.count;
      continue;
    }
    for (const auto& [root, count] : group.roots) {
      (sleepHelps(root) ? trial.lost : trial.despite) += count;
    }
  }
  return trial;
}

seconds estimateOf(const ProfileReport& report) {
  nanoseconds longest{0};
  for (const PodHistory& pod : report.facts.pods) {
    longest = pod.deleted ? std::max(longest, rulesLag(pod)) : longest;
  }
  for (const LoadReport& load : report.loads) {
    for (std::size_t i = 0; i < load.failures.size(); ++i) {
      const Attribution& why = load.failures[i];
      if (why.pod != nullptr && why.pod->deleted && sleepHelps(rootOf(why))) {
        const load::Failure& failure = load.load->result.failures.listed[i];
        longest = std::max(longest, momentOf(failure) - *why.pod->deleted);
      }
    }
  }
  return roundedUp(longest);
}

nanoseconds longestStop(const ProfileReport& report) {
  nanoseconds longest{0};
  for (const PodHistory& pod : report.facts.pods) {
    if (pod.sigterm && pod.exited) {
      longest = std::max(longest, *pod.exited - *pod.sigterm);
    }
  }
  return longest;
}

}  // namespace hitless::report
