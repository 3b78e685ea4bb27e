#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "core/report/analysis.h"

namespace hitless::report {

/// One run with a preStop sleep.
struct SleepTrial {
  seconds sleep{0};
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;     ///< To what a longer sleep can prevent.
  std::uint64_t despite = 0;  ///< Otherwise: no sleep helps against it.
};

/// Finds the smallest preStop sleep, in Kubernetes' whole seconds, with which a run loses nothing
/// that a sleep can prevent. Runs are noisy: one that loses something proves a sleep too short, one
/// that loses nothing proves little. So the sleep below the answer has lost something, and the
/// answer has been tried several times.
class SleepSearch {
 public:
  struct Options {
    seconds longest{120};
    int confirmations = 3;  ///< So many runs without a loss make an answer.
  };
  explicit SleepSearch(Options options) : options_(options) {}

  /// Where to look first, once the run without a sleep has shown the lags.
  void expect(seconds estimate) { estimate_ = estimate; }
  void add(const SleepTrial& trial);
  /// The sleep to try next; nullopt if there is no more to learn. The first is none: 0.
  std::optional<seconds> next() const;
  /// After next() has none: the smallest sufficient sleep, or nullopt if not even the longest is.
  std::optional<seconds> answer() const;

  const std::vector<SleepTrial>& trials() const { return trials_; }

 private:
  std::optional<seconds> tooShort() const;
  std::optional<seconds> enough() const;
  std::optional<seconds> upwards(std::optional<seconds> low) const;
  int cleanRuns(seconds sleep) const;

  Options options_;
  std::optional<seconds> estimate_;
  std::vector<SleepTrial> trials_;
};

/// Whether a longer preStop sleep prevents a loss of this class: the lags are over by SIGTERM.
bool sleepHelps(FailureClass failureClass);

/// What a run with this sleep comes to.
SleepTrial trialOf(const ProfileReport& report, seconds sleep);

/// From a run without a sleep: how long after a pod's deletion a node's rules still led to it or a
/// request was lost to a lag, rounded up.
seconds estimateOf(const ProfileReport& report);

/// How long a pod's processes took to end after SIGTERM, at most.
nanoseconds longestStop(const ProfileReport& report);

}  // namespace hitless::report
