#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kRollingUpdateFields[] = {
    intOrStr("maxUnavailable", "Nodes that may be without a pod; number or percentage.").def("1"),
    intOrStr("maxSurge", "Nodes that may have two; number or percentage.").def("0"),
};
constexpr Message kRollingUpdate{"RollingUpdateDaemonSet", Package::kApps,
                                 "How fast pods are replaced.", kRollingUpdateFields};

HITLESS_VALUES(kStrategies, "RollingUpdate", "OnDelete");
constexpr Field kStrategyFields[] = {
    str("type", "RollingUpdate or OnDelete.").def("RollingUpdate").oneOf(kStrategies),
    obj("rollingUpdate", kRollingUpdate, "How fast, for RollingUpdate."),
};
constexpr Message kStrategy{"DaemonSetUpdateStrategy", Package::kApps, "How pods are replaced.",
                            kStrategyFields};

constexpr Field kSpecFields[] = {
    obj("selector", kLabelSelector, "Pods that belong to it; cannot change.").require(),
    obj("template", kPodTemplateSpec, "What the pods are made from.").require().emitAlways(),
    obj("updateStrategy", kStrategy, "How pods are replaced.").emitAlways(),
    i32("minReadySeconds", "Seconds of readiness until a pod counts as available.")
        .is(Check::kNonNegative),
    i32("revisionHistoryLimit", "Old revisions to keep.").def("10").is(Check::kNonNegative),
};
constexpr Message kSpec{"DaemonSetSpec", Package::kApps, "What a DaemonSet is to be.", kSpecFields};

constexpr Field kConditionFields[] = {
    str("type", "Kind of condition.").require(),
    str("status", "True, False or Unknown.").require(),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kSetCondition{"DaemonSetCondition", Package::kApps,
                                "One aspect of the DaemonSet's state.", kConditionFields};

constexpr Field count(std::string_view name, std::string_view doc) {
  return i32(name, doc).is(Check::kNonNegative);
}
constexpr Field kStatusFields[] = {
    count("currentNumberScheduled", "Nodes that should run a pod and have one.").emitAlways(),
    count("numberMisscheduled", "Nodes that have one and should not.").emitAlways(),
    count("desiredNumberScheduled", "Nodes that should run a pod.").emitAlways(),
    count("numberReady", "Nodes whose pod is ready.").emitAlways(),
    i64("observedGeneration", "Generation the controller has seen.").is(Check::kNonNegative),
    count("updatedNumberScheduled", "Nodes whose pod is of the current template."),
    count("numberAvailable", "Nodes whose pod was ready for long enough."),
    count("numberUnavailable", "Nodes whose pod is missing or not available."),
    count("collisionCount", "Hash collisions of revision names so far."),
    objs("conditions", kSetCondition, "Aspects of its state.").by("type"),
};
constexpr Message kStatus{"DaemonSetStatus", Package::kApps, "What a DaemonSet is.", kStatusFields};

constexpr Field kDaemonSetFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "What the DaemonSet is to be.").emitAlways(),
    obj("status", kStatus, "What the DaemonSet is.").emitAlways(),
};

}  // namespace

constinit const Message kDaemonSet{"DaemonSet", Package::kApps, "Keeps a pod running on each node.",
                                   kDaemonSetFields};

}  // namespace hitless::kube::schema
