#pragma once

#include <string>

#include "core/kube/json.h"

namespace hitless::kube {

/// How far a Deployment's rollout is, by the rules of `kubectl rollout status`.
struct RolloutStatus {
  bool complete = false;
  bool failed = false;  ///< Progressing=False, reason ProgressDeadlineExceeded.
  std::string message;  ///< "2 of 4 updated replicas are available"
};

RolloutStatus rolloutStatus(const json::object& deployment);

}  // namespace hitless::kube
