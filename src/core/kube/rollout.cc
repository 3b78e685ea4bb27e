#include "core/kube/rollout.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/kube/daemon_set.h"
#include "core/kube/objects.h"

namespace hitless::kube {
namespace {

const RolloutStatus kNotObserved{false, false, "the change has not been observed yet"};

bool observed(const json::object& workload) {
  return integer(workload, {"metadata", "generation"}) <=
         integer(workload, {"status", "observedGeneration"});
}

RolloutStatus ofDeployment(const json::object& deployment) {
  const std::int64_t wanted = integer(deployment, {"spec", "replicas"}, 1);
  const std::int64_t updated = integer(deployment, {"status", "updatedReplicas"});
  const std::int64_t total = integer(deployment, {"status", "replicas"});
  const std::int64_t available = integer(deployment, {"status", "availableReplicas"});
  if (!observed(deployment)) {
    return kNotObserved;
  }
  const auto conditions = conditionsOf(findArray(deployment, {"status", "conditions"}));
  const bool exceeded =
      std::any_of(conditions.begin(), conditions.end(), [](const Condition& condition) {
        return condition.type == "Progressing" && condition.reason == "ProgressDeadlineExceeded";
      });
  if (exceeded) {
    return {false, true, "exceeded its progress deadline"};
  }
  if (updated < wanted) {
    return {false, false, fmt::format("{} of {} new replicas have been updated", updated, wanted)};
  }
  if (total > updated) {
    return {false, false, fmt::format("{} old replicas are pending termination", total - updated)};
  }
  if (available < updated) {
    return {false, false,
            fmt::format("{} of {} updated replicas are available", available, updated)};
  }
  return {true, false, "successfully rolled out"};
}

/// kubectl refuses to judge OnDelete; here it is complete when its pods are ready.
RolloutStatus ofStatefulSet(const json::object& set) {
  const std::int64_t wanted = integer(set, {"spec", "replicas"}, 1);
  const std::int64_t ready = integer(set, {"status", "readyReplicas"});
  const std::int64_t updated = integer(set, {"status", "updatedReplicas"});
  const std::int64_t partition =
      integer(set, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  if (!observed(set)) {
    return kNotObserved;
  }
  if (ready < wanted) {
    return {false, false, fmt::format("{} of {} pods are ready", ready, wanted)};
  }
  if (text(set, {"spec", "updateStrategy", "type"}) == "OnDelete") {
    return {true, false, "pods are replaced when they are deleted"};
  }
  if (updated < wanted - partition) {
    return {false, false,
            fmt::format("{} of {} new pods have been updated", updated, wanted - partition)};
  }
  const std::string_view revision = text(set, {"status", "updateRevision"});
  if (partition == 0 && revision != text(set, {"status", "currentRevision"})) {
    return {false, false, fmt::format("{} pods are at revision {}", updated, revision)};
  }
  return {true, false, "successfully rolled out"};
}

RolloutStatus ofDaemonSet(const json::object& set) {
  const std::int64_t desired = integer(set, {"status", "desiredNumberScheduled"});
  const std::int64_t updated = integer(set, {"status", "updatedNumberScheduled"});
  const std::int64_t available = integer(set, {"status", "numberAvailable"});
  if (!observed(set)) {
    return kNotObserved;
  }
  const bool onDelete = text(set, {"spec", "updateStrategy", "type"}) == "OnDelete";
  if (updated < desired && !onDelete) {
    return {false, false, fmt::format("{} of {} new pods have been updated", updated, desired)};
  }
  if (available < desired) {
    return {false, false, fmt::format("{} of {} updated pods are available", available, desired)};
  }
  return {true, false, "successfully rolled out"};
}

struct Row {
  const Resource& resource;
  RolloutStatus (*of)(const json::object& workload);
};

std::span<const Row> rows() {
  // A function's static, because the resources are constants of another file.
  static const Row kRows[] = {{res::kDeployments, ofDeployment},
                              {res::kStatefulSets, ofStatefulSet},
                              {res::kDaemonSets, ofDaemonSet}};
  return kRows;
}

const Row* rowOf(const Resource& resource) {
  const auto it = std::find_if(rows().begin(), rows().end(),
                               [&](const Row& row) { return &row.resource == &resource; });
  return it == rows().end() ? nullptr : &*it;
}

}  // namespace

bool rollsOut(const Resource& resource) {
  return rowOf(resource) != nullptr;
}

RolloutStatus rolloutStatus(const Resource& resource, const json::object& workload) {
  const Row* row = rowOf(resource);
  return row == nullptr ? RolloutStatus{true, false, "nothing to roll out"} : row->of(workload);
}

}  // namespace hitless::kube
