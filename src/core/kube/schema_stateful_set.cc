#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kRollingUpdateFields[] = {
    i32("partition", "Pods with a lower ordinal keep the old revision.")
        .def("0")
        .is(Check::kNonNegative),
    intOrStr("maxUnavailable", "Pods that may be missing; number or percentage. 1 if not set."),
};
constexpr Message kRollingUpdate{"RollingUpdateStatefulSetStrategy", Package::kApps,
                                 "Which pods are replaced, and how fast.", kRollingUpdateFields};

constexpr Field kStrategyFields[] = {
    str("type", "RollingUpdate or OnDelete.").def("RollingUpdate"),
    obj("rollingUpdate", kRollingUpdate, "How fast, for RollingUpdate."),
};
constexpr Message kStrategy{"StatefulSetUpdateStrategy", Package::kApps, "How pods are replaced.",
                            kStrategyFields};

constexpr Field kOrdinalsFields[] = {
    i32("start", "The first pod's number.").is(Check::kNonNegative).emitAlways(),
};
constexpr Message kOrdinals{"StatefulSetOrdinals", Package::kApps, "How the pods are numbered.",
                            kOrdinalsFields};

HITLESS_VALUES(kRetention, "Retain", "Delete");
constexpr Field kRetentionFields[] = {
    str("whenDeleted", "What becomes of claims when the StatefulSet is deleted.").oneOf(kRetention),
    str("whenScaled", "What becomes of claims of pods that are scaled away.").oneOf(kRetention),
};
constexpr Message kClaimRetention{"StatefulSetPersistentVolumeClaimRetentionPolicy", Package::kApps,
                                  "How long claims are kept.", kRetentionFields};

constexpr Field kClaimStatusFields[] = {
    str("phase", "Pending, Bound or Lost.").def("Pending"),
    any("capacity", "Size of the volume."),
};
constexpr Message kClaimStatus{"PersistentVolumeClaimStatus", Package::kCore,
                               "What became of a claim.", kClaimStatusFields};
constexpr Field kClaimFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kClaimSpec, "What storage is wanted.").emitAlways(),
    obj("status", kClaimStatus, "What became of it.").emitAlways(),
};
constexpr Message kClaim{"PersistentVolumeClaim", Package::kCore, "A wish for storage.",
                         kClaimFields};

constexpr Field kSpecFields[] = {
    i32("replicas", "Pods wanted.").def("1").is(Check::kNonNegative),
    obj("selector", kLabelSelector, "Pods that belong to it; cannot change.").require(),
    obj("template", kPodTemplateSpec, "What the pods are made from.").require().emitAlways(),
    objs("volumeClaimTemplates", kClaim, "A claim of each pod; it stays when the pod goes."),
    str("serviceName", "Headless Service that gives the pods their names.").emitAlways(),
    str("podManagementPolicy", "OrderedReady or Parallel.").def("OrderedReady"),
    obj("updateStrategy", kStrategy, "How pods are replaced.").emitAlways(),
    i32("revisionHistoryLimit", "Old revisions to keep.").def("10").is(Check::kNonNegative),
    i32("minReadySeconds", "Seconds of readiness until a pod counts as available.")
        .is(Check::kNonNegative),
    obj("persistentVolumeClaimRetentionPolicy", kClaimRetention, "How long claims are kept."),
    obj("ordinals", kOrdinals, "How the pods are numbered."),
};
constexpr Message kSpec{"StatefulSetSpec", Package::kApps, "What a StatefulSet is to be.",
                        kSpecFields};

constexpr Field kConditionFields[] = {
    str("type", "Kind of condition.").require(),
    str("status", "True, False or Unknown.").require(),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kSetCondition{"StatefulSetCondition", Package::kApps,
                                "One aspect of the StatefulSet's state.", kConditionFields};

constexpr Field count(std::string_view name, std::string_view doc) {
  return i32(name, doc).is(Check::kNonNegative);
}
constexpr Field kStatusFields[] = {
    i64("observedGeneration", "Generation the controller has seen.").is(Check::kNonNegative),
    count("replicas", "Pods there are.").require().emitAlways(),
    count("readyReplicas", "Pods that are ready."),
    count("currentReplicas", "Pods of currentRevision."),
    count("updatedReplicas", "Pods of updateRevision."),
    str("currentRevision", "The revision that the rollout comes from."),
    str("updateRevision", "The revision of the present template."),
    count("collisionCount", "Hash collisions of revision names so far."),
    objs("conditions", kSetCondition, "Aspects of its state.").by("type"),
    count("availableReplicas", "Pods that were ready for long enough."),
};
constexpr Message kStatus{"StatefulSetStatus", Package::kApps, "What a StatefulSet is.",
                          kStatusFields};

constexpr Field kStatefulSetFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "What the StatefulSet is to be.").emitAlways(),
    obj("status", kStatus, "What the StatefulSet is.").emitAlways(),
};

constexpr Field kControllerRevisionFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    any("data", "The state, as a strategic merge patch of the workload."),
    i64("revision", "Which state it is; a higher number is newer.")
        .require()
        .emitAlways()
        .is(Check::kNonNegative),
};

}  // namespace

constinit const Message kStatefulSet{"StatefulSet", Package::kApps,
                                     "Keeps pods with lasting names running, one after the other.",
                                     kStatefulSetFields};
constinit const Message kControllerRevision{"ControllerRevision", Package::kApps,
                                            "One state of a workload's template.",
                                            kControllerRevisionFields};

}  // namespace hitless::kube::schema
