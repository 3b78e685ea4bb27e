#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

HITLESS_VALUES(kFailurePolicies, "Ignore", "Fail");
HITLESS_VALUES(kMatchPolicies, "Exact", "Equivalent");
HITLESS_VALUES(kReinvocationPolicies, "Never", "IfNeeded");
HITLESS_VALUES(kSideEffects, "None", "NoneOnDryRun");
HITLESS_VALUES(kScopes, "Cluster", "Namespaced", "*");

constexpr Field kServiceReferenceFields[] = {
    str("namespace", "Of the Service.").require().emitAlways(),
    str("name", "Name of the Service.").require().emitAlways(),
    str("path", "Path of the requests."),
    i32("port", "Port of the Service.").def("443").is(Check::kPortNumber),
};
constexpr Message kServiceReference{"ServiceReference", Package::kAdmission,
                                    "A Service that answers.", kServiceReferenceFields};

constexpr Field kClientConfigFields[] = {
    str("url", "Where it is, in place of a Service."),
    obj("service", kServiceReference, "The Service that answers."),
    bytes("caBundle", "Certificates to trust, as PEM in base64."),
};
constexpr Message kClientConfig{"WebhookClientConfig", Package::kAdmission,
                                "How a webhook is reached.", kClientConfigFields};

constexpr Field kRuleFields[] = {
    strs("operations", "CREATE, UPDATE, DELETE, CONNECT or *."),
    strs("apiGroups", "Groups of the resources; empty text is the core group."),
    strs("apiVersions", "Their versions."),
    strs("resources", "Resources and subresources (pods/log), or *."),
    str("scope", "Cluster, Namespaced or *.").def("*").oneOf(kScopes),
};
constexpr Message kRule{"RuleWithOperations", Package::kAdmission,
                        "Requests that it is asked about.", kRuleFields};

constexpr Field kMatchConditionFields[] = {
    str("name", "Name of the condition.").require().emitAlways(),
    str("expression", "CEL that must be true.").require().emitAlways(),
};
constexpr Message kMatchCondition{"MatchCondition", Package::kAdmission, "A condition on requests.",
                                  kMatchConditionFields};

constexpr Field kMutatingWebhookFields[] = {
    str("name", "A domain name of its own.").require().emitAlways().is(Check::kDnsSubdomain),
    obj("clientConfig", kClientConfig, "How it is reached.").require().emitAlways(),
    objs("rules", kRule, "Which requests it is asked about."),
    str("failurePolicy", "What happens without its answer.").def("Fail").oneOf(kFailurePolicies),
    str("matchPolicy", "Whether other versions of a resource match.")
        .def("Equivalent")
        .oneOf(kMatchPolicies),
    obj("namespaceSelector", kLabelSelector, "In which namespaces.").def(""),
    obj("objectSelector", kLabelSelector, "About which objects.").def(""),
    str("sideEffects", "Whether it does more than answer.").require().oneOf(kSideEffects),
    i32("timeoutSeconds", "How long its answer is waited for.").def("10"),
    strs("admissionReviewVersions", "Versions of the question that it knows.")
        .require()
        .emitAlways(),
    str("reinvocationPolicy", "Whether it is asked again after others.")
        .def("Never")
        .oneOf(kReinvocationPolicies),
    objs("matchConditions", kMatchCondition, "What else must hold.").by("name"),
};
constexpr Message kMutatingWebhook{"MutatingWebhook", Package::kAdmission,
                                   "A server that may change objects at admission.",
                                   kMutatingWebhookFields};

constexpr Field kMutatingWebhookConfigurationFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    objs("webhooks", kMutatingWebhook, "The servers.").by("name"),
};

}  // namespace

constinit const Message kMutatingWebhookConfiguration{
    "MutatingWebhookConfiguration", Package::kAdmission,
    "Servers that may change objects at admission.", kMutatingWebhookConfigurationFields};

}  // namespace hitless::kube::schema
