#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

HITLESS_VALUES(kModes, "NonIndexed", "Indexed");
constexpr Field kSpecFields[] = {
    i32("parallelism", "Pods that may run at the same time.").is(Check::kNonNegative),
    i32("completions", "Pods that have to succeed; not given: one, and then the rest too.")
        .is(Check::kNonNegative),
    i64("activeDeadlineSeconds", "Seconds after which the Job has failed.").is(Check::kNonNegative),
    i32("backoffLimit", "Failures until the Job has failed.").def("6").is(Check::kNonNegative),
    obj("selector", kLabelSelector, "Its pods; the server sets it."),
    boolean("manualSelector", "The selector is given, not set by the server."),
    obj("template", kPodTemplateSpec, "What the pods are made from.").require().emitAlways(),
    i32("ttlSecondsAfterFinished", "Seconds until a finished Job is deleted.")
        .is(Check::kNonNegative),
    str("completionMode", "NonIndexed or Indexed.").def("NonIndexed").oneOf(kModes),
    boolean("suspend", "No pods while it is true.").def("false"),
    str("podReplacementPolicy", "When a pod is replaced: TerminatingOrFailed or Failed."),
};
constexpr Message kSpec{"JobSpec", Package::kBatch, "What a Job is to do.", kSpecFields};

constexpr Field kConditionFields[] = {
    str("type", "Complete, Failed, Suspended, SuccessCriteriaMet or FailureTarget.").require(),
    str("status", "True, False or Unknown.").require(),
    time("lastProbeTime", "When it was last looked at."),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kJobCondition{"JobCondition", Package::kBatch, "One aspect of the Job's state.",
                                kConditionFields};

constexpr Field kUncountedFields[] = {
    strs("succeeded", "UIDs of pods that have succeeded.").asSet(),
    strs("failed", "UIDs of pods that have failed.").asSet(),
};
constexpr Message kUncounted{"UncountedTerminatedPods", Package::kBatch,
                             "Pods that have ended and are not in the counts yet.",
                             kUncountedFields};

constexpr Field count(std::string_view name, std::string_view doc) {
  return i32(name, doc).is(Check::kNonNegative);
}
constexpr Field kStatusFields[] = {
    objs("conditions", kJobCondition, "Aspects of its state.").patchBy("type"),
    time("startTime", "When it was started."),
    time("completionTime", "When it was complete."),
    count("active", "Pods that have not ended."),
    count("succeeded", "Pods that have succeeded."),
    count("failed", "Pods that have failed."),
    count("terminating", "Pods that are going away."),
    str("completedIndexes", "Indexes that have succeeded, as 1,3-5."),
    str("failedIndexes", "Indexes that have failed."),
    obj("uncountedTerminatedPods", kUncounted, "Pods that have ended and are not counted yet."),
    count("ready", "Active pods that are ready."),
};
constexpr Message kStatus{"JobStatus", Package::kBatch, "How far the Job is.", kStatusFields};

constexpr Field kJobFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "What the Job is to do.").emitAlways(),
    obj("status", kStatus, "How far it is.").emitAlways(),
};

}  // namespace

constinit const Message kJob{"Job", Package::kBatch,
                             "Runs pods until enough of them have succeeded.", kJobFields};

}  // namespace hitless::kube::schema
