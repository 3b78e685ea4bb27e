#include "core/kube/stateful_set.h"

#include "core/kube/workload_json.h"

namespace hitless::kube {
namespace {

std::vector<std::string> claimNames(const json::array* claims) {
  std::vector<std::string> out;
  if (claims == nullptr) {
    return out;
  }
  for (const json::value& claim : *claims) {
    if (const json::object* object = claim.if_object()) {
      out.emplace_back(text(*object, {"metadata", "name"}));
    }
  }
  return out;
}

StatefulSetStatus statusOf(const json::object& object) {
  StatefulSetStatus status;
  status.observedGeneration = integer(object, {"status", "observedGeneration"});
  status.replicas = integer(object, {"status", "replicas"});
  status.readyReplicas = integer(object, {"status", "readyReplicas"});
  status.currentReplicas = integer(object, {"status", "currentReplicas"});
  status.updatedReplicas = integer(object, {"status", "updatedReplicas"});
  status.availableReplicas = integer(object, {"status", "availableReplicas"});
  status.currentRevision = text(object, {"status", "currentRevision"});
  status.updateRevision = text(object, {"status", "updateRevision"});
  status.collisionCount = optionalInteger(object, {"status", "collisionCount"});
  return status;
}

}  // namespace

StatefulSet statefulSetOf(const json::object& object) {
  StatefulSet out;
  out.meta = metaOf(object);
  out.replicas = integer(object, {"spec", "replicas"}, 1);
  out.firstOrdinal = integer(object, {"spec", "ordinals", "start"});
  out.selector = labelSelectorOf(objectAt(object, {"spec", "selector"}));
  out.podTemplate = objectAt(object, {"spec", "template"});
  out.serviceName = text(object, {"spec", "serviceName"});
  out.claimTemplates = claimNames(findArray(object, {"spec", "volumeClaimTemplates"}));
  out.ordered = text(object, {"spec", "podManagementPolicy"}) != "Parallel";
  out.onDelete = text(object, {"spec", "updateStrategy", "type"}) == "OnDelete";
  out.partition = integer(object, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  out.maxUnavailable = intOrString(
      object, {"spec", "updateStrategy", "rollingUpdate", "maxUnavailable"}, out.maxUnavailable);
  out.minReadySeconds = integer(object, {"spec", "minReadySeconds"});
  out.revisionHistoryLimit = integer(object, {"spec", "revisionHistoryLimit"}, 10);
  out.status = statusOf(object);
  return out;
}

json::object statusPatch(const StatefulSetStatus& status) {
  // "replicas" and "availableReplicas" are written even when they are zero.
  json::object out{{"observedGeneration", omitZero(status.observedGeneration)},
                   {"replicas", status.replicas},
                   {"readyReplicas", omitZero(status.readyReplicas)},
                   {"currentReplicas", omitZero(status.currentReplicas)},
                   {"updatedReplicas", omitZero(status.updatedReplicas)},
                   {"availableReplicas", status.availableReplicas},
                   {"currentRevision", omitEmpty(status.currentRevision)},
                   {"updateRevision", omitEmpty(status.updateRevision)}};
  if (status.collisionCount) {
    out.emplace("collisionCount", *status.collisionCount);
  }
  return out;
}

}  // namespace hitless::kube
