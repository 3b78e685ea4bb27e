#pragma once

#include <string>

#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

/// How far a workload's rollout is, by the rules of `kubectl rollout status`.
struct RolloutStatus {
  bool complete = false;
  bool failed = false;  ///< Progressing=False, reason ProgressDeadlineExceeded.
  std::string message;  ///< "2 of 4 updated replicas are available"
};

/// Whether objects of the kind roll out: Deployments, StatefulSets, DaemonSets.
bool rollsOut(const Resource& resource);
/// For a kind that rolls out.
RolloutStatus rolloutStatus(const Resource& resource, const json::object& workload);

}  // namespace hitless::kube
