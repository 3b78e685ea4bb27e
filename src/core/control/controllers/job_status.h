#pragma once

#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/kube/job.h"

/// How far a Job is, and whether that is the end.
namespace hitless::control {

/// Counts the pods into `status`: what is uncounted, active, ready and terminating.
void countPods(const kube::Job& job, const std::vector<Ref<kube::Pod>>& pods,
               kube::JobStatus& status);

/// Pods that have ended, counted or about to be.
std::int64_t succeeded(const kube::JobStatus& status);
std::int64_t failed(const kube::JobStatus& status);

/// Sets the time of the start and the condition Suspended. True if that changed suspension.
bool start(const kube::Job& job, kube::JobStatus& status, WallTime now);

/// FailureTarget or SuccessCriteriaMet, when the Job is decided; Failed or Complete, when besides
/// all its pods are gone. `restarts`: of containers in active pods. Returns the condition that ends
/// the Job if it was set just now.
const kube::Condition* decide(const kube::Job& job, std::int64_t restarts, kube::JobStatus& status,
                              WallTime now);

/// The Job is decided: no more pods.
bool isDecided(const kube::JobStatus& status);
bool isFailing(const kube::JobStatus& status);

}  // namespace hitless::control
