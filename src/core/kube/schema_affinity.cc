#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

HITLESS_VALUES(kNodeOperators, "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt");
constexpr Field kNodeRequirementFields[] = {
    str("key", "Label key.").require(),
    str("operator", "In, NotIn, Exists, DoesNotExist, Gt or Lt.").require().oneOf(kNodeOperators),
    strs("values", "Values for the operator."),
};
constexpr Message kNodeRequirement{"NodeSelectorRequirement", Package::kCore,
                                   "A condition on a node.", kNodeRequirementFields};

constexpr Field kNodeTermFields[] = {
    objs("matchExpressions", kNodeRequirement, "Conditions on labels."),
    objs("matchFields", kNodeRequirement, "Conditions on fields."),
};
constexpr Message kNodeTerm{"NodeSelectorTerm", Package::kCore, "Conditions that must all hold.",
                            kNodeTermFields, true};

constexpr Field kNodeSelectorFields[] = {
    objs("nodeSelectorTerms", kNodeTerm, "Terms, one of which must hold.").require(),
};
constexpr Message kNodeSelector{"NodeSelector", Package::kCore, "Which nodes.", kNodeSelectorFields,
                                true};

constexpr Field kPreferredNodeFields[] = {
    i32("weight", "1 to 100.").require(),
    obj("preference", kNodeTerm, "Which nodes.").require(),
};
constexpr Message kPreferredNode{"PreferredSchedulingTerm", Package::kCore,
                                 "Nodes that are better than others.", kPreferredNodeFields};

constexpr Field kNodeAffinityFields[] = {
    obj("requiredDuringSchedulingIgnoredDuringExecution", kNodeSelector, "Only these nodes."),
    objs("preferredDuringSchedulingIgnoredDuringExecution", kPreferredNode, "Rather these nodes."),
};
constexpr Message kNodeAffinity{"NodeAffinity", Package::kCore, "Which nodes suit the pod.",
                                kNodeAffinityFields};

constexpr Field kPodTermFields[] = {
    obj("labelSelector", kLabelSelector, "Which pods."),
    strs("namespaces", "Their namespaces; the pod's own if empty."),
    str("topologyKey", "Node label that says what near means.").require(),
    obj("namespaceSelector", kLabelSelector, "Their namespaces, by label."),
    strs("matchLabelKeys", "Labels in which the pods must agree with this one."),
    strs("mismatchLabelKeys", "Labels in which they must differ."),
};
constexpr Message kPodTerm{"PodAffinityTerm", Package::kCore, "Near which pods.", kPodTermFields};

constexpr Field kWeightedPodFields[] = {
    i32("weight", "1 to 100.").require(),
    obj("podAffinityTerm", kPodTerm, "Near which pods.").require(),
};
constexpr Message kWeightedPod{"WeightedPodAffinityTerm", Package::kCore,
                               "Places that are better than others.", kWeightedPodFields};

constexpr Field kPodAffinityFields[] = {
    objs("requiredDuringSchedulingIgnoredDuringExecution", kPodTerm, "Must hold."),
    objs("preferredDuringSchedulingIgnoredDuringExecution", kWeightedPod, "Should hold."),
};
constexpr Message kPodAffinity{"PodAffinity", Package::kCore, "Near these pods.",
                               kPodAffinityFields};
constexpr Message kPodAntiAffinity{"PodAntiAffinity", Package::kCore, "Away from these pods.",
                                   kPodAffinityFields};

constexpr Field kAffinityFields[] = {
    obj("nodeAffinity", kNodeAffinity, "Which nodes."),
    obj("podAffinity", kPodAffinity, "Near which pods."),
    obj("podAntiAffinity", kPodAntiAffinity, "Away from which pods."),
};

HITLESS_VALUES(kTolerationOperators, "", "Equal", "Exists");
HITLESS_VALUES(kTaintEffects, "", "NoSchedule", "PreferNoSchedule", "NoExecute");
constexpr Field kTolerationFields[] = {
    str("key", "Taint key; empty with Exists for all.").is(Check::kQualifiedName),
    str("operator", "Equal or Exists.").oneOf(kTolerationOperators),
    str("value", "Taint value, for Equal."),
    str("effect", "Taint effect; empty for all.").oneOf(kTaintEffects),
    i64("tolerationSeconds", "How long NoExecute is tolerated."),
};

HITLESS_VALUES(kUnsatisfiable, "DoNotSchedule", "ScheduleAnyway");
HITLESS_VALUES(kInclusion, "Honor", "Ignore");
constexpr Field kSpreadFields[] = {
    i32("maxSkew", "How uneven it may be.").require().is(Check::kPositive),
    str("topologyKey", "Node label that names the place.").require(),
    str("whenUnsatisfiable", "DoNotSchedule or ScheduleAnyway.").require().oneOf(kUnsatisfiable),
    obj("labelSelector", kLabelSelector, "Which pods are counted."),
    i32("minDomains", "Places that there must be at least."),
    str("nodeAffinityPolicy", "Honor or Ignore.").oneOf(kInclusion),
    str("nodeTaintsPolicy", "Honor or Ignore.").oneOf(kInclusion),
    strs("matchLabelKeys", "Labels in which the pods must agree with this one."),
};

}  // namespace

constinit const Message kAffinity{"Affinity", Package::kCore, "Where the pod wants to run.",
                                  kAffinityFields};
constinit const Message kToleration{
    "Toleration", Package::kCore, "A taint of nodes that the pod puts up with.", kTolerationFields};
constinit const Message kTopologySpreadConstraint{"TopologySpreadConstraint", Package::kCore,
                                                  "How evenly pods spread over places.",
                                                  kSpreadFields};

}  // namespace hitless::kube::schema
