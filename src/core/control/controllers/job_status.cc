#include "core/control/controllers/job_status.h"

#include <algorithm>

#include "core/control/controllers/job_pods.h"
#include "core/control/controllers/pods.h"

namespace hitless::control {
namespace {

constexpr const char* kFailureTarget = "FailureTarget";
constexpr const char* kSuccessCriteriaMet = "SuccessCriteriaMet";
constexpr const char* kSuspended = "Suspended";

bool isTrue(const kube::JobStatus& status, std::string_view type) {
  const kube::Condition* condition = kube::findCondition(status.conditions, type);
  return condition != nullptr && condition->status == "True";
}

void set(kube::JobStatus& status, kube::Condition condition) {
  std::erase_if(status.conditions,
                [&](const kube::Condition& c) { return c.type == condition.type; });
  status.conditions.push_back(std::move(condition));
}

/// Moves what is no longer held by its finalizer from the UIDs to the count.
std::int64_t fold(std::set<std::string>& uids, const std::vector<Ref<kube::Pod>>& pods) {
  return static_cast<std::int64_t>(std::erase_if(uids, [&pods](const std::string& uid) {
    return std::none_of(pods.begin(), pods.end(), [&uid](const Ref<kube::Pod>& pod) {
      return pod->meta.uid == uid && isTracked(*pod);
    });
  }));
}

void countEnded(const kube::Job& job, const kube::Pod& pod, kube::Indexes& indexes,
                kube::JobStatus& status) {
  if (!isTracked(pod) || status.uncountedSucceeded.contains(pod.meta.uid) ||
      status.uncountedFailed.contains(pod.meta.uid)) {
    return;
  }
  if (hasSucceeded(pod)) {
    status.uncountedSucceeded.insert(pod.meta.uid);
    if (const auto index = indexOf(pod); job.indexed && index && *index >= 0) {
      indexes.insert(*index);
    }
  } else if (hasFailed(job, pod)) {
    status.uncountedFailed.insert(pod.meta.uid);
  }
}

/// pastBackoffLimitOnFailure: containers that restart in place count as failures.
bool exceedsBackoff(const kube::Job& job, std::int64_t restarts, const kube::JobStatus& status) {
  if (failed(status) > job.backoffLimit) {
    return true;
  }
  return job.restartsInPlace() && restarts > 0 && restarts >= job.backoffLimit;
}

bool isComplete(const kube::Job& job, const kube::JobStatus& status) {
  if (!job.completions) {
    return succeeded(status) > 0 && status.active == 0;
  }
  if (job.indexed) {
    const auto done = kube::indexesOf(status.completedIndexes, *job.completions);
    return static_cast<std::int64_t>(done.size()) >= *job.completions;
  }
  return succeeded(status) >= *job.completions;
}

bool pastDeadline(const kube::Job& job, const kube::JobStatus& status, WallTime now) {
  return job.activeDeadlineSeconds && status.startTime && !job.suspended &&
         now >= *status.startTime + seconds(*job.activeDeadlineSeconds);
}

/// The first that holds, in kube-controller-manager's order.
std::optional<kube::Condition> verdict(const kube::Job& job, std::int64_t restarts,
                                       const kube::JobStatus& status, WallTime now) {
  if (exceedsBackoff(job, restarts, status)) {
    return kube::Condition{kFailureTarget,
                           "True",
                           "BackoffLimitExceeded",
                           "Job has reached the specified backoff limit",
                           now,
                           {}};
  }
  if (pastDeadline(job, status, now)) {
    return kube::Condition{kFailureTarget,
                           "True",
                           "DeadlineExceeded",
                           "Job was active longer than specified deadline",
                           now,
                           {}};
  }
  if (isComplete(job, status)) {
    return kube::Condition{kSuccessCriteriaMet,
                           "True",
                           "CompletionsReached",
                           "Reached expected number of succeeded pods",
                           now,
                           {}};
  }
  return std::nullopt;
}

}  // namespace

void countPods(const kube::Job& job, const std::vector<Ref<kube::Pod>>& pods,
               kube::JobStatus& status) {
  status.succeeded += fold(status.uncountedSucceeded, pods);
  status.failed += fold(status.uncountedFailed, pods);
  const std::int64_t limit = job.completions.value_or(0);
  kube::Indexes indexes = kube::indexesOf(status.completedIndexes, limit);
  status.active = status.ready = status.terminating = 0;
  for (const Ref<kube::Pod>& pod : pods) {
    countEnded(job, *pod, indexes, status);
    status.active += isActive(*pod) ? 1 : 0;
    status.ready += isActive(*pod) && pod->ready() ? 1 : 0;
    status.terminating += pod->meta.terminating() && !pod->finished() ? 1 : 0;
  }
  if (job.indexed) {
    status.completedIndexes = kube::textOf(indexes);
  }
}

std::int64_t succeeded(const kube::JobStatus& status) {
  return status.succeeded + static_cast<std::int64_t>(status.uncountedSucceeded.size());
}

std::int64_t failed(const kube::JobStatus& status) {
  return status.failed + static_cast<std::int64_t>(status.uncountedFailed.size());
}

bool start(const kube::Job& job, kube::JobStatus& status, WallTime now) {
  const bool was = isTrue(status, kSuspended);
  if (job.suspended) {
    status.startTime.reset();
    if (!was) {
      set(status, {kSuspended, "True", "JobSuspended", "Job suspended", now, {}});
    }
  } else {
    if (was) {
      set(status, {kSuspended, "False", "JobResumed", "Job resumed", now, {}});
    }
    status.startTime = status.startTime.value_or(now);
  }
  return was != job.suspended;
}

const kube::Condition* decide(const kube::Job& job, std::int64_t restarts, kube::JobStatus& status,
                              WallTime now) {
  if (!isDecided(status)) {
    if (auto condition = verdict(job, restarts, status, now)) {
      set(status, *std::move(condition));
    }
  }
  const bool allGone = status.active == 0 && status.terminating == 0 &&
                       status.uncountedSucceeded.empty() && status.uncountedFailed.empty();
  if (!isDecided(status) || !allGone) {
    return nullptr;
  }
  const bool failing = isFailing(status);
  kube::Condition end =
      *kube::findCondition(status.conditions, failing ? kFailureTarget : kSuccessCriteriaMet);
  end.type = failing ? "Failed" : "Complete";
  end.lastTransitionTime = now;
  if (!failing) {
    status.completionTime = now;
  }
  set(status, std::move(end));
  return &status.conditions.back();
}

bool isFailing(const kube::JobStatus& status) {
  return isTrue(status, kFailureTarget);
}

bool isDecided(const kube::JobStatus& status) {
  return isFailing(status) || isTrue(status, kSuccessCriteriaMet);
}

}  // namespace hitless::control
