#pragma once

#include <optional>

#include "core/control/controllers/rollout_plan.h"
#include "core/kube/workload.h"

/// A Deployment's history: which ReplicaSet holds which version of the template.
namespace hitless::control {

inline constexpr std::string_view kRevision = "deployment.kubernetes.io/revision";
inline constexpr std::string_view kRevisionHistory = "deployment.kubernetes.io/revision-history";

/// The ReplicaSets of a Deployment, by their part in the rollout.
struct History {
  Ref<kube::ReplicaSet> current;  ///< Holds the Deployment's template; null if there is none yet.
  Sets old;                       ///< All others, oldest first.

  Sets all() const;
};

History historyOf(const kube::Deployment& deployment, Sets sets);

std::int64_t revisionOf(const kube::ReplicaSet& set);
/// One more than the highest revision of the old ReplicaSets.
std::int64_t nextRevision(const History& history);

/// The annotations that an existing ReplicaSet must change to follow its Deployment and to carry
/// `revision`; a lower revision becomes part of the history annotation.
kube::Labels annotationChanges(const kube::Deployment& deployment, const kube::ReplicaSet& set,
                               std::int64_t revision);

/// The ReplicaSet for the Deployment's present template.
kube::json::object newReplicaSet(const kube::Deployment& deployment, const std::string& hash,
                                 std::int64_t revision, std::int64_t replicas);

/// The ReplicaSets that revisionHistoryLimit no longer keeps: empty ones, lowest revision first.
Sets beyondHistoryLimit(const kube::Deployment& deployment, const Sets& old);

}  // namespace hitless::control
