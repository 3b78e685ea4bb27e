#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kube/objects.h"

/// apps/v1 as controllers read it. Pod templates stay JSON: they are copied and compared, not read.
namespace hitless::kube {

struct DeploymentStatus {
  std::int64_t observedGeneration = 0;
  std::int64_t replicas = 0;
  std::int64_t updatedReplicas = 0;
  std::int64_t readyReplicas = 0;
  std::int64_t availableReplicas = 0;
  std::int64_t unavailableReplicas = 0;
  std::optional<std::int64_t> collisionCount;
  std::vector<Condition> conditions;
  bool operator==(const DeploymentStatus&) const = default;
};

struct Deployment {
  ObjectMeta meta;
  std::int64_t replicas = 1;
  LabelSelector selector;
  json::object podTemplate;
  std::string strategy = "RollingUpdate";  ///< or Recreate
  IntOrString maxSurge = std::string("25%");
  IntOrString maxUnavailable = std::string("25%");
  std::int64_t minReadySeconds = 0;
  std::optional<std::int64_t> revisionHistoryLimit;
  std::optional<std::int64_t> progressDeadlineSeconds;
  bool paused = false;
  DeploymentStatus status;

  bool rolling() const { return strategy == "RollingUpdate"; }
  bool operator==(const Deployment&) const = default;
};

struct ReplicaSetStatus {
  std::int64_t observedGeneration = 0;
  std::int64_t replicas = 0;
  std::int64_t fullyLabeledReplicas = 0;
  std::int64_t readyReplicas = 0;
  std::int64_t availableReplicas = 0;
  std::vector<Condition> conditions;
  bool operator==(const ReplicaSetStatus&) const = default;
};

struct ReplicaSet {
  ObjectMeta meta;
  std::int64_t replicas = 1;
  LabelSelector selector;
  json::object podTemplate;
  std::int64_t minReadySeconds = 0;
  ReplicaSetStatus status;
  bool operator==(const ReplicaSet&) const = default;
};

Deployment deploymentOf(const json::object& object);
ReplicaSet replicaSetOf(const json::object& object);

/// The whole `status` as a merge patch: a field that Kubernetes omits at zero becomes null.
json::object statusPatch(const DeploymentStatus& status);
json::object statusPatch(const ReplicaSetStatus& status);

json::array toJson(const std::vector<Condition>& conditions);
json::object toJson(const LabelSelector& selector);

/// nullptr if there is no condition of the type.
const Condition* findCondition(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace hitless::kube
