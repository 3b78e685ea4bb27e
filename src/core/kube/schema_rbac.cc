#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kPolicyRuleFields[] = {
    strs("verbs", "What may be done: get, list, watch, create, update, patch, delete, or *.")
        .require()
        .emitAlways(),
    strs("apiGroups", "Groups of the resources; empty text is the core group."),
    strs("resources", "Resources and subresources (pods/log), or *."),
    strs("resourceNames", "Only the objects of these names."),
    strs("nonResourceURLs", "Paths that are no resources, such as /metrics."),
};
constexpr Message kPolicyRule{"PolicyRule", Package::kRbac, "Some verbs on some resources.",
                              kPolicyRuleFields};

constexpr Field kAggregationRuleFields[] = {
    objs("clusterRoleSelectors", kLabelSelector, "Which ClusterRoles."),
};
constexpr Message kAggregationRule{"AggregationRule", Package::kRbac,
                                   "Takes the rules from other ClusterRoles.",
                                   kAggregationRuleFields};

constexpr Field kClusterRoleFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    objs("rules", kPolicyRule, "What the role allows."),
    obj("aggregationRule", kAggregationRule, "Where the rules come from instead."),
};

constexpr Field kRoleFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    objs("rules", kPolicyRule, "What the role allows."),
};

constexpr Field kSubjectFields[] = {
    str("kind", "User, Group or ServiceAccount.").require().emitAlways(),
    str("apiGroup", "Group of the kind; empty for ServiceAccount."),
    str("name", "Whose name.").require().emitAlways(),
    str("namespace", "Of a ServiceAccount."),
};
constexpr Message kSubject{"Subject", Package::kRbac, "Somebody who acts.", kSubjectFields, true};

constexpr Field kRoleRefFields[] = {
    str("apiGroup", "rbac.authorization.k8s.io").require().emitAlways(),
    str("kind", "Role or ClusterRole.").require().emitAlways(),
    str("name", "Name of the role.").require().emitAlways(),
};
constexpr Message kRoleRef{"RoleRef", Package::kRbac, "A role.", kRoleRefFields, true};

constexpr Field kBindingFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    objs("subjects", kSubject, "Who may."),
    obj("roleRef", kRoleRef, "What; cannot change.").require().emitAlways(),
};

}  // namespace

constinit const Message kClusterRole{"ClusterRole", Package::kRbac,
                                     "What may be done in the whole cluster.", kClusterRoleFields};
constinit const Message kClusterRoleBinding{"ClusterRoleBinding", Package::kRbac, "Who may do it.",
                                            kBindingFields};
constinit const Message kRole{"Role", Package::kRbac, "What may be done in a namespace.",
                              kRoleFields};
constinit const Message kRoleBinding{"RoleBinding", Package::kRbac, "Who may do it there.",
                                     kBindingFields};

}  // namespace hitless::kube::schema
