#include "core/control/controllers/job.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/control/controllers/job_pods.h"
#include "core/control/controllers/job_status.h"
#include "core/control/controllers/pods.h"

namespace hitless::control {
namespace {

using kube::res::kJobs;
using kube::res::kPods;

constexpr const char* kComponent = "job-controller";
/// At most so many pods are created or deleted in one step (MaxPodCreateDeletePerSync).
constexpr std::int64_t kBurst = 500;

class Step {
 public:
  Step(const JobState& state, WallTime now)
      : state_(state), job_(*state.job), now_(now), status_(job_.status) {}

  Actions run() {
    for (const Ref<kube::Pod>& pod : state_.pods) {
      if (isOurs({kJobs, job_.meta, job_.selector}, kPods, pod->meta, actions_)) {
        pods_.push_back(pod);
      }
    }
    if (!actions_.empty()) {
      return std::move(actions_);
    }
    if (job_.ending() != nullptr) {
      letGo();
      expire();
      return std::move(actions_);
    }
    account();
    if (!job_.meta.terminating()) {
      manage();
    }
    return std::move(actions_);
  }

 private:
  // --- after the end -----------------------------------------------------------------------

  void letGo() {
    for (const Ref<kube::Pod>& pod : pods_) {
      if (isTracked(*pod)) {
        actions_.push_back(untrack(*pod));
      }
    }
  }

  void expire() {
    const auto ended = job_.ending()->lastTransitionTime;
    if (!job_.ttlSecondsAfterFinished || !ended || job_.meta.terminating()) {
      return;
    }
    const WallTime expiry = *ended + seconds(*job_.ttlSecondsAfterFinished);
    if (expiry <= now_) {
      actions_.push_back(Delete{refTo(kJobs, job_.meta), {}, "Foreground"});
    } else {
      actions_.push_back(Requeue{expiry - now_});
    }
  }

  // --- status ------------------------------------------------------------------------------

  void account() {
    countPods(job_, pods_, status_);
    std::vector<EmitEvent> events;
    if (!job_.meta.terminating()) {
      if (start(job_, status_, now_)) {
        events.push_back(event("Normal", job_.suspended ? "Suspended" : "Resumed",
                               job_.suspended ? "Job suspended" : "Job resumed"));
      }
      std::int64_t restarts = 0;
      for (const Ref<kube::Pod>& pod : pods_) {
        restarts += isActive(*pod) ? pod->restarts : 0;
      }
      if (const kube::Condition* end = decide(job_, restarts, status_, now_)) {
        events.push_back(end->type == "Complete" ? event("Normal", "Completed", "Job completed")
                                                 : event("Warning", end->reason, end->message));
      }
      watchDeadline();
    }
    if (status_ != job_.status) {
      actions_.push_back(
          Patch{refTo(kJobs, job_.meta), "status", {{"status", kube::statusPatch(status_)}}});
    }
    actions_.insert(actions_.end(), events.begin(), events.end());
    for (const Ref<kube::Pod>& pod : pods_) {
      const std::string& uid = pod->meta.uid;
      if (isTracked(*pod) &&
          (status_.uncountedSucceeded.contains(uid) || status_.uncountedFailed.contains(uid))) {
        actions_.push_back(untrack(*pod));
      }
    }
  }

  void watchDeadline() {
    if (job_.activeDeadlineSeconds && status_.startTime && !isDecided(status_)) {
      const WallTime deadline = *status_.startTime + seconds(*job_.activeDeadlineSeconds);
      actions_.push_back(Requeue{deadline - now_});
    }
  }

  EmitEvent event(std::string type, std::string reason, std::string message) const {
    return {refTo(kJobs, job_.meta), std::move(type), std::move(reason), std::move(message),
            kComponent};
  }

  // --- pods --------------------------------------------------------------------------------

  std::vector<Ref<kube::Pod>> active() const {
    std::vector<Ref<kube::Pod>> out;
    std::copy_if(pods_.begin(), pods_.end(), std::back_inserter(out),
                 [](const Ref<kube::Pod>& pod) { return isActive(*pod); });
    return out;
  }

  /// How many pods there should be at this time.
  std::int64_t wanted() const {
    if (job_.suspended || isDecided(status_)) {
      return 0;
    }
    if (!job_.completions) {
      return succeeded(status_) > 0 ? std::min(status_.active, job_.parallelism) : job_.parallelism;
    }
    const std::int64_t done =
        job_.indexed ? static_cast<std::int64_t>(completed().size()) : succeeded(status_);
    return std::clamp<std::int64_t>(*job_.completions - done, 0, job_.parallelism);
  }

  kube::Indexes completed() const {
    return kube::indexesOf(status_.completedIndexes, job_.completions.value_or(0));
  }

  void manage() {
    std::vector<Ref<kube::Pod>> running = active();
    const std::int64_t surplus = static_cast<std::int64_t>(running.size()) - wanted();
    if (surplus > 0) {
      running = inDeletionOrder(std::move(running), pods_);
      for (std::int64_t i = 0; i < std::min(surplus, kBurst); ++i) {
        remove(*running[static_cast<std::size_t>(i)]);
      }
      return;
    }
    std::int64_t missing = -surplus;
    if (job_.replacesOnlyFailed) {
      missing -= status_.terminating;
    }
    if (missing <= 0) {
      return;
    }
    if (const WallTime next = nextCreation(job_, pods_); next > now_) {
      actions_.push_back(Requeue{next - now_});
      return;
    }
    create(std::min(missing, kBurst));
  }

  void create(std::int64_t count) {
    if (!job_.indexed) {
      for (std::int64_t i = 0; i < count; ++i) {
        actions_.push_back(Create{&kPods, podFor(job_, std::nullopt), outcome(true)});
      }
      return;
    }
    kube::Indexes taken = completed();
    for (const Ref<kube::Pod>& pod : pods_) {
      const bool holds = isActive(*pod) || (job_.replacesOnlyFailed && pod->meta.terminating());
      if (const auto index = indexOf(*pod); holds && index) {
        taken.insert(*index);
      }
    }
    for (std::int64_t index = 0; count > 0 && index < *job_.completions; ++index) {
      if (!taken.contains(index)) {
        actions_.push_back(Create{&kPods, podFor(job_, index), outcome(true)});
        --count;
      }
    }
  }

  /// A pod that is not wanted any more has not failed; when the Job fails, it has.
  void remove(const kube::Pod& pod) {
    if (isTracked(pod) && !isFailing(status_)) {
      actions_.push_back(untrack(pod));
    }
    actions_.push_back(Delete{refTo(kPods, pod.meta), {}, {}, outcome(false)});
  }

  Outcome outcome(bool creating) const {
    return creating ? Outcome{refTo(kJobs, job_.meta), kComponent,     "SuccessfulCreate",
                              "Created pod: ",         "FailedCreate", "Error creating: "}
                    : Outcome{refTo(kJobs, job_.meta), kComponent,     "SuccessfulDelete",
                              "Deleted pod: ",         "FailedDelete", "Error deleting: "};
  }

  const JobState& state_;
  const kube::Job& job_;
  const WallTime now_;
  kube::JobStatus status_;
  std::vector<Ref<kube::Pod>> pods_;
  Actions actions_;
};

}  // namespace

Actions reconcile(const JobState& state, WallTime now) {
  return Step(state, now).run();
}

}  // namespace hitless::control
