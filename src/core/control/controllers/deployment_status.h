#pragma once

#include "core/control/controllers/revisions.h"

/// What a Deployment says about itself: counts, and the conditions Available, Progressing and
/// ReplicaFailure.
namespace hitless::control {

namespace reason {
inline constexpr std::string_view kCreated = "NewReplicaSetCreated";
inline constexpr std::string_view kFound = "FoundNewReplicaSet";
inline constexpr std::string_view kUpdated = "ReplicaSetUpdated";
inline constexpr std::string_view kComplete = "NewReplicaSetAvailable";
inline constexpr std::string_view kTimedOut = "ProgressDeadlineExceeded";
inline constexpr std::string_view kPaused = "DeploymentPaused";
inline constexpr std::string_view kResumed = "DeploymentResumed";
}  // namespace reason

/// Sets a condition unless one with the same status and reason is there already. The transition
/// time moves only when the status does; a changed condition moves to the end of the list.
void setCondition(std::vector<kube::Condition>& conditions, kube::Condition condition);
/// A condition that changes now.
kube::Condition conditionNow(std::string_view type, std::string_view status, std::string_view why,
                             std::string message, WallTime now);

/// Everything wanted is updated and available, and nothing else is left.
bool isComplete(const kube::Deployment& deployment, const kube::DeploymentStatus& status);

/// Marks the pause and the resumption of a Deployment that has a progress deadline.
void markPaused(const kube::Deployment& deployment, kube::DeploymentStatus& status, WallTime now);

/// Counts and the Available condition. `from` carries the conditions so far.
kube::DeploymentStatus countedStatus(const kube::Deployment& deployment, const History& history,
                                     const kube::DeploymentStatus& from, WallTime now);

/// Adds Progressing and ReplicaFailure, as seen while rolling out.
void judgeProgress(const kube::Deployment& deployment, const History& history,
                   kube::DeploymentStatus& status, WallTime now);

/// How long until the progress deadline has to be looked at again; nullopt if it does not matter.
std::optional<nanoseconds> untilDeadline(const kube::Deployment& deployment,
                                         const kube::DeploymentStatus& status, WallTime now);

}  // namespace hitless::control
