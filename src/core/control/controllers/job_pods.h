#pragma once

#include <optional>
#include <vector>

#include "core/control/controllers/ownership.h"
#include "core/kube/job.h"

/// A Job's pods: how they are made, when they have ended, and when the next may come.
namespace hitless::control {

/// Keeps a pod that has ended until its Job has counted it.
inline constexpr std::string_view kTrackingFinalizer = "batch.kubernetes.io/job-tracking";

kube::json::object podFor(const kube::Job& job, std::optional<std::int64_t> index);
/// Its completion index; nullopt if it has none.
std::optional<std::int64_t> indexOf(const kube::Pod& pod);

bool isTracked(const kube::Pod& pod);
/// Lets the pod go, if it is tracked.
Patch untrack(const kube::Pod& pod);

bool hasSucceeded(const kube::Pod& pod);
/// Failed, or deleted before it could tell; with podReplacementPolicy Failed only the former.
bool hasFailed(const kube::Job& job, const kube::Pod& pod);

/// When the next pod may be created, by what became of those before. As recorded with Kubernetes
/// 1.20: the first failure is followed by a new pod at once, the n-th by one 10 s * 2^(n-2) (at
/// most 6 min) after the pod that failed was created. A success ends the series.
WallTime nextCreation(const kube::Job& job, const std::vector<Ref<kube::Pod>>& pods);

}  // namespace hitless::control
