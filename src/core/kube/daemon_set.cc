#include "core/kube/daemon_set.h"

#include "core/kube/workload_json.h"

namespace hitless::kube {
namespace {

DaemonSetStatus statusOf(const json::object& object) {
  DaemonSetStatus status;
  const auto count = [&object](std::string_view key) { return integer(object, {"status", key}); };
  status.observedGeneration = count("observedGeneration");
  status.currentNumberScheduled = count("currentNumberScheduled");
  status.numberMisscheduled = count("numberMisscheduled");
  status.desiredNumberScheduled = count("desiredNumberScheduled");
  status.numberReady = count("numberReady");
  status.updatedNumberScheduled = count("updatedNumberScheduled");
  status.numberAvailable = count("numberAvailable");
  status.numberUnavailable = count("numberUnavailable");
  status.collisionCount = optionalInteger(object, {"status", "collisionCount"});
  return status;
}

}  // namespace

DaemonSet daemonSetOf(const json::object& object) {
  DaemonSet out;
  out.meta = metaOf(object);
  out.selector = labelSelectorOf(objectAt(object, {"spec", "selector"}));
  out.podTemplate = objectAt(object, {"spec", "template"});
  out.onDelete = text(object, {"spec", "updateStrategy", "type"}) == "OnDelete";
  const auto limit = [&object](std::string_view key, const IntOrString& fallback) {
    return intOrString(object, {"spec", "updateStrategy", "rollingUpdate", key}, fallback);
  };
  out.maxUnavailable = limit("maxUnavailable", out.maxUnavailable);
  out.maxSurge = limit("maxSurge", out.maxSurge);
  out.minReadySeconds = integer(object, {"spec", "minReadySeconds"});
  out.revisionHistoryLimit = integer(object, {"spec", "revisionHistoryLimit"}, 10);
  out.status = statusOf(object);
  return out;
}

json::object statusPatch(const DaemonSetStatus& status) {
  // The first four are written even when they are zero.
  json::object out{{"currentNumberScheduled", status.currentNumberScheduled},
                   {"numberMisscheduled", status.numberMisscheduled},
                   {"desiredNumberScheduled", status.desiredNumberScheduled},
                   {"numberReady", status.numberReady},
                   {"observedGeneration", omitZero(status.observedGeneration)},
                   {"updatedNumberScheduled", omitZero(status.updatedNumberScheduled)},
                   {"numberAvailable", omitZero(status.numberAvailable)},
                   {"numberUnavailable", omitZero(status.numberUnavailable)}};
  if (status.collisionCount) {
    out.emplace("collisionCount", *status.collisionCount);
  }
  return out;
}

}  // namespace hitless::kube
