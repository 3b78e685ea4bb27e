#pragma once

#include "core/kube/workload.h"

/// apps/v1 StatefulSet as controllers read it.
namespace hitless::kube {

struct StatefulSetStatus {
  std::int64_t observedGeneration = 0;
  std::int64_t replicas = 0;
  std::int64_t readyReplicas = 0;
  std::int64_t currentReplicas = 0;
  std::int64_t updatedReplicas = 0;
  std::int64_t availableReplicas = 0;
  std::string currentRevision;
  std::string updateRevision;
  std::optional<std::int64_t> collisionCount;
  bool operator==(const StatefulSetStatus&) const = default;
};

struct StatefulSet {
  ObjectMeta meta;
  std::int64_t replicas = 1;
  std::int64_t firstOrdinal = 0;  ///< spec.ordinals.start
  LabelSelector selector;
  json::object podTemplate;
  std::string serviceName;
  std::vector<std::string> claimTemplates;  ///< Names of spec.volumeClaimTemplates.
  bool ordered = true;                      ///< podManagementPolicy is not Parallel.
  bool onDelete = false;                    ///< updateStrategy.type
  std::int64_t partition = 0;
  IntOrString maxUnavailable = std::int64_t{1};
  std::int64_t minReadySeconds = 0;
  std::int64_t revisionHistoryLimit = 10;
  StatefulSetStatus status;

  /// Whether the ordinal is one that there should be a pod for.
  bool wants(std::int64_t ordinal) const {
    return ordinal >= firstOrdinal && ordinal < firstOrdinal + replicas;
  }
  bool operator==(const StatefulSet&) const = default;
};

StatefulSet statefulSetOf(const json::object& object);
/// The whole `status` as a merge patch.
json::object statusPatch(const StatefulSetStatus& status);

}  // namespace hitless::kube
