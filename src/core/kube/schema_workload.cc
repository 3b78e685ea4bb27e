#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kRollingUpdateFields[] = {
    intOrStr("maxUnavailable", "Pods that may be missing; number or percentage.").def("25%"),
    intOrStr("maxSurge", "Pods that may be too many; number or percentage.").def("25%"),
};
constexpr Message kRollingUpdate{"RollingUpdateDeployment", Package::kApps,
                                 "How fast pods are replaced.", kRollingUpdateFields};

HITLESS_VALUES(kStrategies, "Recreate", "RollingUpdate");
constexpr Field kStrategyFields[] = {
    str("type", "RollingUpdate or Recreate.").def("RollingUpdate").oneOf(kStrategies),
    obj("rollingUpdate", kRollingUpdate, "How fast, for RollingUpdate."),
};
constexpr Message kStrategy{"DeploymentStrategy", Package::kApps, "How pods are replaced.",
                            kStrategyFields};

constexpr Field kDeploymentSpecFields[] = {
    i32("replicas", "Pods wanted.").def("1").is(Check::kNonNegative),
    obj("selector", kLabelSelector, "Pods that belong to it; cannot change.").require(),
    obj("template", kPodTemplateSpec, "What the pods are made from.").require().emitAlways(),
    obj("strategy", kStrategy, "How pods are replaced.").retain().emitAlways(),
    i32("minReadySeconds", "Seconds of readiness until a pod counts as available.")
        .is(Check::kNonNegative),
    i32("revisionHistoryLimit", "Old ReplicaSets to keep.").def("10").is(Check::kNonNegative),
    boolean("paused", "Changes of the template wait."),
    i32("progressDeadlineSeconds", "Seconds without progress until it counts as failed.")
        .def("600")
        .is(Check::kNonNegative),
};
constexpr Message kDeploymentSpec{"DeploymentSpec", Package::kApps, "What a Deployment is to be.",
                                  kDeploymentSpecFields};

constexpr Field kDeploymentConditionFields[] = {
    str("type", "Available, Progressing or ReplicaFailure.").require(),
    str("status", "True, False or Unknown.").require(),
    time("lastUpdateTime", "When it was last written."),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kDeploymentCondition{"DeploymentCondition", Package::kApps,
                                       "One aspect of the Deployment's state.",
                                       kDeploymentConditionFields};

constexpr Field kDeploymentStatusFields[] = {
    i64("observedGeneration", "Generation the controller has seen.").is(Check::kNonNegative),
    i32("replicas", "Pods there are.").is(Check::kNonNegative),
    i32("updatedReplicas", "Pods of the current template.").is(Check::kNonNegative),
    i32("readyReplicas", "Pods that are ready.").is(Check::kNonNegative),
    i32("availableReplicas", "Pods that were ready for long enough.").is(Check::kNonNegative),
    i32("unavailableReplicas", "Pods that are still missing.").is(Check::kNonNegative),
    i32("terminatingReplicas", "Pods that are going away.").is(Check::kNonNegative),
    objs("conditions", kDeploymentCondition, "Aspects of its state.").by("type"),
    i32("collisionCount", "Hash collisions of ReplicaSet names so far.").is(Check::kNonNegative),
};
constexpr Message kDeploymentStatus{"DeploymentStatus", Package::kApps, "What a Deployment is.",
                                    kDeploymentStatusFields};

constexpr Field kDeploymentFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kDeploymentSpec, "What the Deployment is to be.").emitAlways(),
    obj("status", kDeploymentStatus, "What the Deployment is.").emitAlways(),
};

constexpr Field kReplicaSetSpecFields[] = {
    i32("replicas", "Pods wanted.").def("1").is(Check::kNonNegative),
    i32("minReadySeconds", "Seconds of readiness until a pod counts as available.")
        .is(Check::kNonNegative),
    obj("selector", kLabelSelector, "Pods that belong to it; cannot change.").require(),
    obj("template", kPodTemplateSpec, "What the pods are made from.").emitAlways(),
};
constexpr Message kReplicaSetSpec{"ReplicaSetSpec", Package::kApps, "What a ReplicaSet is to be.",
                                  kReplicaSetSpecFields};

constexpr Field kReplicaSetConditionFields[] = {
    str("type", "ReplicaFailure.").require(),
    str("status", "True, False or Unknown.").require(),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kReplicaSetCondition{"ReplicaSetCondition", Package::kApps,
                                       "One aspect of the ReplicaSet's state.",
                                       kReplicaSetConditionFields};

constexpr Field kReplicaSetStatusFields[] = {
    i32("replicas", "Pods there are.").require().emitAlways().is(Check::kNonNegative),
    i32("fullyLabeledReplicas", "Pods with all labels of the template.").is(Check::kNonNegative),
    i32("readyReplicas", "Pods that are ready.").is(Check::kNonNegative),
    i32("availableReplicas", "Pods that were ready for long enough.").is(Check::kNonNegative),
    i32("terminatingReplicas", "Pods that are going away.").is(Check::kNonNegative),
    i64("observedGeneration", "Generation the controller has seen.").is(Check::kNonNegative),
    objs("conditions", kReplicaSetCondition, "Aspects of its state.").by("type"),
};
constexpr Message kReplicaSetStatus{"ReplicaSetStatus", Package::kApps, "What a ReplicaSet is.",
                                    kReplicaSetStatusFields};

constexpr Field kReplicaSetFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kReplicaSetSpec, "What the ReplicaSet is to be.").emitAlways(),
    obj("status", kReplicaSetStatus, "What the ReplicaSet is.").emitAlways(),
};

}  // namespace

constinit const Message kDeployment{
    "Deployment", Package::kApps, "Keeps pods running and replaces them when the template changes.",
    kDeploymentFields};
constinit const Message kReplicaSet{"ReplicaSet", Package::kApps,
                                    "Keeps a number of equal pods running.", kReplicaSetFields};

}  // namespace hitless::kube::schema
