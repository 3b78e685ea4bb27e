#include "core/control/controllers/deployment_status.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::control {
namespace {

constexpr std::string_view kAvailable = "Available";
constexpr std::string_view kProgressing = "Progressing";
constexpr std::string_view kReplicaFailure = "ReplicaFailure";

void removeCondition(std::vector<kube::Condition>& conditions, std::string_view type) {
  std::erase_if(conditions, [type](const kube::Condition& c) { return c.type == type; });
}

/// `ReplicaSet "web-x" WHAT`, or of the Deployment while it has no ReplicaSet.
std::string progressMessage(const kube::Deployment& deployment, const History& history,
                            std::string_view what) {
  return history.current == nullptr
             ? fmt::format("Deployment \"{}\" {}", deployment.meta.name, what)
             : fmt::format("ReplicaSet \"{}\" {}", history.current->meta.name, what);
}

/// Whether anything has moved in the right direction since the status was last written.
bool hasProgressed(const kube::DeploymentStatus& before, const kube::DeploymentStatus& after) {
  return after.updatedReplicas > before.updatedReplicas ||
         after.replicas - after.updatedReplicas < before.replicas - before.updatedReplicas ||
         after.readyReplicas > before.readyReplicas ||
         after.availableReplicas > before.availableReplicas;
}

std::optional<WallTime> deadlineOf(const kube::Deployment& deployment,
                                   const kube::Condition& progressing) {
  if (!deployment.progressDeadlineSeconds || !progressing.lastUpdateTime) {
    return std::nullopt;
  }
  return *progressing.lastUpdateTime + seconds(*deployment.progressDeadlineSeconds);
}

bool hasTimedOut(const kube::Deployment& deployment, const kube::DeploymentStatus& status,
                 WallTime now) {
  const kube::Condition* progressing = kube::findCondition(status.conditions, kProgressing);
  if (progressing == nullptr || progressing->reason == reason::kComplete) {
    return false;
  }
  if (progressing->reason == reason::kTimedOut) {
    return true;
  }
  const auto deadline = deadlineOf(deployment, *progressing);
  return deadline && *deadline < now;
}

/// A completed rollout stays complete while pods come and go, until a new one begins.
bool wasComplete(const kube::Deployment& deployment, const kube::DeploymentStatus& status) {
  const kube::Condition* before = kube::findCondition(deployment.status.conditions, kProgressing);
  return before != nullptr && before->reason == reason::kComplete &&
         status.replicas == status.updatedReplicas;
}

void reportFailures(const History& history, kube::DeploymentStatus& status) {
  Sets sets = history.old;
  if (history.current != nullptr) {
    sets.insert(sets.begin(), history.current);
  }
  for (const Ref<kube::ReplicaSet>& set : sets) {
    if (const auto* failure = kube::findCondition(set->status.conditions, kReplicaFailure)) {
      kube::Condition copy = *failure;
      copy.lastUpdateTime = copy.lastTransitionTime;
      setCondition(status.conditions, std::move(copy));
      return;
    }
  }
  removeCondition(status.conditions, kReplicaFailure);
}

void judgeMovement(const kube::Deployment& deployment, const History& history,
                   kube::DeploymentStatus& status, WallTime now) {
  const auto say = [&](std::string_view truth, std::string_view why, std::string_view what) {
    setCondition(status.conditions, conditionNow(kProgressing, truth, why,
                                                 progressMessage(deployment, history, what), now));
  };
  if (isComplete(deployment, status)) {
    say("True", reason::kComplete, "has successfully progressed.");
  } else if (hasProgressed(deployment.status, status)) {
    // Every step renews the time from which the deadline counts; the transition time stays.
    const auto* before = kube::findCondition(status.conditions, kProgressing);
    kube::Condition next =
        conditionNow(kProgressing, "True", reason::kUpdated,
                     progressMessage(deployment, history, "is progressing."), now);
    if (before != nullptr && before->status == "True") {
      next.lastTransitionTime = before->lastTransitionTime;
    }
    removeCondition(status.conditions, kProgressing);
    setCondition(status.conditions, std::move(next));
  } else if (hasTimedOut(deployment, status, now)) {
    say("False", reason::kTimedOut, "has timed out progressing.");
  }
}

}  // namespace

void setCondition(std::vector<kube::Condition>& conditions, kube::Condition condition) {
  if (const auto* before = kube::findCondition(conditions, condition.type)) {
    if (before->status == condition.status && before->reason == condition.reason) {
      return;
    }
    if (before->status == condition.status) {
      condition.lastTransitionTime = before->lastTransitionTime;
    }
  }
  removeCondition(conditions, condition.type);
  conditions.push_back(std::move(condition));
}

kube::Condition conditionNow(std::string_view type, std::string_view status, std::string_view why,
                             std::string message, WallTime now) {
  return {std::string(type), std::string(status), std::string(why), std::move(message), now, now};
}

bool isComplete(const kube::Deployment& deployment, const kube::DeploymentStatus& status) {
  return status.updatedReplicas == deployment.replicas && status.replicas == deployment.replicas &&
         status.availableReplicas == deployment.replicas &&
         status.observedGeneration >= deployment.meta.generation;
}

void markPaused(const kube::Deployment& deployment, kube::DeploymentStatus& status, WallTime now) {
  const auto* progressing = kube::findCondition(status.conditions, kProgressing);
  if (!deployment.progressDeadlineSeconds ||
      (progressing != nullptr && progressing->reason == reason::kTimedOut)) {
    return;
  }
  const bool marked = progressing != nullptr && progressing->reason == reason::kPaused;
  if (deployment.paused && !marked) {
    setCondition(status.conditions, conditionNow(kProgressing, "Unknown", reason::kPaused,
                                                 "Deployment is paused", now));
  } else if (!deployment.paused && marked) {
    setCondition(status.conditions, conditionNow(kProgressing, "Unknown", reason::kResumed,
                                                 "Deployment is resumed", now));
  }
}

kube::DeploymentStatus countedStatus(const kube::Deployment& deployment, const History& history,
                                     const kube::DeploymentStatus& from, WallTime now) {
  kube::DeploymentStatus status;
  status.observedGeneration = deployment.meta.generation;
  status.collisionCount = from.collisionCount;
  status.conditions = from.conditions;
  const Sets sets = history.all();
  for (const Ref<kube::ReplicaSet>& set : sets) {
    status.replicas += set->status.replicas;
    status.readyReplicas += set->status.readyReplicas;
    status.availableReplicas += set->status.availableReplicas;
  }
  if (history.current != nullptr) {
    status.updatedReplicas = history.current->status.replicas;
  }
  status.unavailableReplicas =
      std::max<std::int64_t>(specReplicas(sets) - status.availableReplicas, 0);

  const bool enough =
      status.availableReplicas >= deployment.replicas - limitsOf(deployment).unavailable;
  setCondition(status.conditions,
               enough ? conditionNow(kAvailable, "True", "MinimumReplicasAvailable",
                                     "Deployment has minimum availability.", now)
                      : conditionNow(kAvailable, "False", "MinimumReplicasUnavailable",
                                     "Deployment does not have minimum availability.", now));
  return status;
}

void judgeProgress(const kube::Deployment& deployment, const History& history,
                   kube::DeploymentStatus& status, WallTime now) {
  if (!deployment.progressDeadlineSeconds) {
    removeCondition(status.conditions, kProgressing);
  } else if (!wasComplete(deployment, status)) {
    judgeMovement(deployment, history, status, now);
  }
  reportFailures(history, status);
}

std::optional<nanoseconds> untilDeadline(const kube::Deployment& deployment,
                                         const kube::DeploymentStatus& status, WallTime now) {
  const auto* progressing = kube::findCondition(status.conditions, kProgressing);
  if (progressing == nullptr || progressing->reason == reason::kTimedOut ||
      progressing->reason == reason::kComplete || isComplete(deployment, status)) {
    return std::nullopt;
  }
  const auto deadline = deadlineOf(deployment, *progressing);
  if (!deadline) {
    return std::nullopt;
  }
  // The API keeps whole seconds: the second added here makes up for what they cut off.
  return std::max<nanoseconds>(*deadline - now, nanoseconds{0}) + seconds(1);
}

}  // namespace hitless::control
