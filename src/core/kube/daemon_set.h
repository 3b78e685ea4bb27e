#pragma once

#include "core/kube/resource.h"
#include "core/kube/workload.h"

/// apps/v1 DaemonSet as controllers read it.
namespace hitless::kube {

namespace res {
extern const Resource& kDaemonSets;  ///< A row of resources().
}  // namespace res

struct DaemonSetStatus {
  std::int64_t observedGeneration = 0;
  std::int64_t currentNumberScheduled = 0;
  std::int64_t numberMisscheduled = 0;
  std::int64_t desiredNumberScheduled = 0;
  std::int64_t numberReady = 0;
  std::int64_t updatedNumberScheduled = 0;
  std::int64_t numberAvailable = 0;
  std::int64_t numberUnavailable = 0;
  std::optional<std::int64_t> collisionCount;
  bool operator==(const DaemonSetStatus&) const = default;
};

struct DaemonSet {
  ObjectMeta meta;
  LabelSelector selector;
  json::object podTemplate;
  bool onDelete = false;  ///< updateStrategy.type
  IntOrString maxUnavailable = std::int64_t{1};
  IntOrString maxSurge = std::int64_t{0};
  std::int64_t minReadySeconds = 0;
  std::int64_t revisionHistoryLimit = 10;
  DaemonSetStatus status;
  bool operator==(const DaemonSet&) const = default;
};

DaemonSet daemonSetOf(const json::object& object);
/// The whole `status` as a merge patch.
json::object statusPatch(const DaemonSetStatus& status);

}  // namespace hitless::kube
