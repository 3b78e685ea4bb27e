#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kNamespaceSpecFields[] = {
    strs("finalizers", "Who must let go before the namespace can disappear."),
};
constexpr Message kNamespaceSpec{"NamespaceSpec", Package::kCore, "What a namespace is to be.",
                                 kNamespaceSpecFields};
constexpr Field kNamespaceConditionFields[] = {
    str("type", "What stands in the way of deletion.").require(),
    str("status", "True, False or Unknown.").require(),
    time("lastTransitionTime", "When status last changed."),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
};
constexpr Message kNamespaceCondition{"NamespaceCondition", Package::kCore,
                                      "One aspect of the namespace's state.",
                                      kNamespaceConditionFields};
constexpr Field kNamespaceStatusFields[] = {
    str("phase", "Active or Terminating.").def("Active"),
    objs("conditions", kNamespaceCondition, "Aspects of its state.").by("type"),
};
constexpr Message kNamespaceStatus{"NamespaceStatus", Package::kCore, "What a namespace is.",
                                   kNamespaceStatusFields};
constexpr Field kNamespaceFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kNamespaceSpec, "What the namespace is to be.").emitAlways(),
    obj("status", kNamespaceStatus, "What the namespace is.").emitAlways(),
};

constexpr Field kConfigMapFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    boolean("immutable", "The data cannot change any more."),
    strMap("data", "Text by key."),
    bytesMap("binaryData", "Bytes by key, in base64."),
};

constexpr Field kSecretFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    boolean("immutable", "The data cannot change any more."),
    bytesMap("data", "Bytes by key, in base64."),
    strMap("stringData", "Text by key; write-only, ends up in data."),
    str("type", "What the secret is for; cannot change.").def("Opaque"),
};

constexpr Field kServiceAccountFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    objs("secrets", kObjectReference, "Secrets its pods may use.").by("name"),
    objs("imagePullSecrets", kLocalObjectReference, "Secrets to pull images with."),
    boolean("automountServiceAccountToken", "Whether pods get its token."),
};

constexpr Field kEventSourceFields[] = {
    str("component", "Program that saw it."),
    str("host", "Node it ran on."),
};
constexpr Message kEventSource{"EventSource", Package::kCore, "Who saw it.", kEventSourceFields};
constexpr Field kEventSeriesFields[] = {
    i32("count", "How often."),
    microTime("lastObservedTime", "When last."),
};
constexpr Message kEventSeries{"EventSeries", Package::kCore, "That it happened again and again.",
                               kEventSeriesFields};
constexpr Field kEventFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("involvedObject", kObjectReference, "What it happened to.").require().emitAlways(),
    str("reason", "One CamelCase word for programs."),
    str("message", "Explanation for people."),
    obj("source", kEventSource, "Who saw it.").emitAlways(),
    time("firstTimestamp", "When first."),
    time("lastTimestamp", "When last."),
    i32("count", "How often."),
    str("type", "Normal or Warning."),
    microTime("eventTime", "When it happened."),
    obj("series", kEventSeries, "That it happened again and again."),
    str("action", "What was done."),
    obj("related", kObjectReference, "Another object that has to do with it."),
    str("reportingComponent", "Controller that saw it.").emitAlways(),
    str("reportingInstance", "Which instance of it.").emitAlways(),
};

constexpr Field kLeaseSpecFields[] = {
    str("holderIdentity", "Who holds the lease."),
    i32("leaseDurationSeconds", "Seconds after renewTime until others may take it.")
        .is(Check::kPositive),
    microTime("acquireTime", "When it was taken."),
    microTime("renewTime", "When it was last renewed."),
    i32("leaseTransitions", "How often it changed hands.").is(Check::kNonNegative),
    str("strategy", "How a holder is chosen."),
    str("preferredHolder", "Who should hold it."),
};
constexpr Message kLeaseSpec{"LeaseSpec", Package::kCoordination, "State of a lease.",
                             kLeaseSpecFields};
constexpr Field kLeaseFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kLeaseSpec, "State of the lease.").emitAlways(),
};

}  // namespace

constinit const Message kNamespace{"Namespace", Package::kCore, "A scope for names.",
                                   kNamespaceFields};
constinit const Message kConfigMap{"ConfigMap", Package::kCore, "Configuration for pods.",
                                   kConfigMapFields};
constinit const Message kSecret{"Secret", Package::kCore, "Confidential data for pods.",
                                kSecretFields};
constinit const Message kServiceAccount{"ServiceAccount", Package::kCore, "An identity for pods.",
                                        kServiceAccountFields};
constinit const Message kEvent{"Event", Package::kCore, "Something that happened to an object.",
                               kEventFields};
constinit const Message kLease{"Lease", Package::kCoordination,
                               "A lock that expires, and a sign of life.", kLeaseFields};

}  // namespace hitless::kube::schema
