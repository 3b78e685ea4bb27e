#include "core/report/analysis.h"

#include <algorithm>

namespace hitless::report {
namespace {

using timeline::Event;
using timeline::What;

using Groups = std::map<std::pair<load::Cause, FailureClass>, FailureGroup>;

void widen(std::optional<Range>& range, nanoseconds value) {
  range = range ? Range{std::min(range->least, value), std::max(range->greatest, value)}
                : Range{value, value};
}

FailureGroup& groupOf(Groups& groups, load::Cause cause, FailureClass failureClass) {
  FailureGroup& group = groups[{cause, failureClass}];
  group.cause = cause;
  group.failureClass = failureClass;
  return group;
}

void add(Groups& groups, const load::Failure& failure, const Attribution& why) {
  FailureGroup& group = groupOf(groups, failure.cause, why.failureClass);
  group.evidence = why.evidence;
  ++group.count;
  if (why.failureClass == FailureClass::kBackoff) {
    ++group.roots[why.root];
  }
  if (why.pod == nullptr) {
    return;
  }
  ++group.pods[why.pod->name];
  for (std::size_t i = 0; i < kAnchors.size(); ++i) {
    if (const auto& time = why.pod->*kAnchors[i].time) {
      widen(group.since[i], momentOf(failure) - *time);
    }
  }
}

/// Failures are listed up to a limit and counted beyond it.
void addNotListed(Groups& groups, const load::FailureList& list) {
  std::map<load::Cause, std::uint64_t> left = list.counts;
  for (const load::Failure& failure : list.listed) {
    std::uint64_t& count = left[failure.cause];
    count -= count > 0 ? 1 : 0;
  }
  for (const auto& [cause, count] : left) {
    if (count > 0) {
      groupOf(groups, cause, FailureClass::kNotListed).count += count;
    }
  }
}

std::vector<FailureGroup> groupsOf(const std::vector<LoadReport>& loads) {
  Groups groups;
  for (const LoadReport& one : loads) {
    const load::FailureList& list = one.load->result.failures;
    for (std::size_t i = 0; i < list.listed.size(); ++i) {
      add(groups, list.listed[i], one.failures[i]);
    }
    addNotListed(groups, list);
  }
  std::vector<FailureGroup> out;
  for (auto& [key, group] : groups) {
    out.push_back(std::move(group));
  }
  std::stable_sort(out.begin(), out.end(), [](const FailureGroup& a, const FailureGroup& b) {
    const bool aLast = a.failureClass == FailureClass::kNotListed;
    const bool bLast = b.failureClass == FailureClass::kNotListed;
    return aLast != bLast ? bLast : a.count > b.count;
  });
  return out;
}

void sumUp(ProfileReport& report, const load::LoadResult& result) {
  report.totals.sent += result.sent;
  report.totals.succeeded += result.succeeded;
  report.totals.failed += result.failed;
  report.totals.retried += result.retried;
  report.latency.merge(result.latency);
  if (result.gap > nanoseconds{0}) {
    report.longestGap = std::max(report.longestGap.value_or(nanoseconds{0}), result.gap);
  }
  if (result.reconnects.count > 0) {
    report.longestReconnect =
        std::max(report.longestReconnect.value_or(nanoseconds{0}), result.reconnects.longest);
  }
  for (const auto& [cause, count] : result.failures.counts) {
    report.causes[cause] += count;
  }
  for (const auto& [cause, count] : result.retries.counts) {
    report.retryCauses[cause] += count;
  }
}

std::optional<WallTime> timeOf(const std::vector<Event>& events, What what, bool last) {
  std::optional<WallTime> found;
  for (const Event& event : events) {
    if (event.what == what) {
      found = !found || (last ? event.time > *found : event.time < *found) ? event.time : *found;
    }
  }
  return found;
}

std::optional<WallTime> lastGone(const std::vector<PodHistory>& pods, WallTime action) {
  std::optional<WallTime> found;
  for (const PodHistory& pod : pods) {
    if (pod.gone && pod.deleted && *pod.deleted >= action) {
      found = found ? std::max(*found, *pod.gone) : *pod.gone;
    }
  }
  return found;
}

void measureRollout(ProfileReport& report, const ProfileRun& run) {
  report.actionStarted =
      run.actionStarted ? run.actionStarted : timeOf(run.events, What::kActionStarted, false);
  if (!report.actionStarted) {
    return;
  }
  const WallTime action = *report.actionStarted;
  const auto complete =
      run.rolloutComplete ? run.rolloutComplete : timeOf(run.events, What::kRolloutComplete, true);
  const auto gone = run.lastPodGone ? run.lastPodGone : lastGone(report.facts.pods, action);
  if (complete) {
    report.rollout = *complete - action;
  }
  if (complete || gone) {
    report.over = std::max(complete.value_or(action), gone.value_or(action)) - action;
  }
}

std::vector<AgentOutage> agentOutages(const std::vector<Event>& events) {
  std::vector<AgentOutage> out;
  for (const Event& event : events) {
    if (event.what == What::kAgentStopped) {
      out.push_back({event.node, event.time, event.detail, {}});
    }
  }
  for (AgentOutage& outage : out) {
    for (const Event& event : events) {
      const bool successor = event.what == What::kAgentStarted && event.node == outage.node &&
                             event.time >= outage.stopped;
      if (successor && (!outage.back || event.time < *outage.back)) {
        outage.back = event.time;
      }
    }
  }
  return out;
}

void readGates(ProfileReport& report) {
  for (const PodHistory& pod : report.facts.pods) {
    if (pod.gateHeld && pod.gatePassed) {
      report.longestGate =
          std::max(report.longestGate.value_or(nanoseconds{0}), *pod.gatePassed - *pod.gateHeld);
    }
    if (pod.gateDetail.find("missing") != std::string::npos) {
      report.gateWaits.push_back({pod.name, pod.gateDetail});
    }
  }
}

}  // namespace

bool passed(const Rehearsal& rehearsal) {
  for (const ProfileRun& run : rehearsal.profiles) {
    if (run.profile == rehearsal.expectProfile) {
      std::uint64_t sent = 0;
      std::uint64_t failed = 0;
      for (const NamedLoad& named : run.loads) {
        sent += named.result.sent;
        failed += named.result.failed;
      }
      return sent > 0 && failed <= rehearsal.expectFailed;
    }
  }
  return false;
}

std::unique_ptr<const ProfileReport> analyse(const ProfileRun& run) {
  auto report = std::make_unique<ProfileReport>();
  report->profile = run.profile;
  report->facts = factsOf(run);
  for (const NamedLoad& named : run.loads) {
    sumUp(*report, named.result);
    report->loads.push_back({&named, attributeAll(named.result, report->facts),
                             outagesOf(named.result, report->facts)});
  }
  report->groups = groupsOf(report->loads);
  report->agents = agentOutages(run.events);
  measureRollout(*report, run);
  readGates(*report);
  return report;
}

}  // namespace hitless::report
