#pragma once

#include "core/kube/schema.h"

/// The messages that one part of the schema table refers to in another.
namespace hitless::kube::schema {

// schema_meta.cc
extern const Message kObjectMeta;
extern const Message kLabelSelector;
extern const Message kCondition;
extern const Message kObjectReference;
extern const Message kLocalObjectReference;

// schema_volume.cc
extern const Message kVolume;
extern const Message kClaimSpec;
extern const Message kObjectFieldSelector;
extern const Message kResourceFieldSelector;

// schema_container.cc
extern const Message kContainer;
extern const Message kEphemeralContainer;
extern const Message kResourceRequirements;

// schema_security.cc
extern const Message kSecurityContext;
extern const Message kPodSecurityContext;

// schema_affinity.cc
extern const Message kAffinity;
extern const Message kToleration;
extern const Message kTopologySpreadConstraint;

// schema_pod.cc, schema_pod_status.cc
extern const Message kPodTemplateSpec;
extern const Message kPodStatus;

// schema_route.cc
extern const Message kParentReference;
extern const Message kHeaderFilter;
extern const Message kMirrorFilter;
extern const Message kExtensionReference;
extern const Message kRouteStatus;

// The roots, one for each row of the resource table.
extern const Message kNamespace;
extern const Message kPod;
extern const Message kService;
extern const Message kEndpoints;
extern const Message kConfigMap;
extern const Message kSecret;
extern const Message kServiceAccount;
extern const Message kNode;
extern const Message kEvent;
extern const Message kDeployment;
extern const Message kReplicaSet;
extern const Message kStatefulSet;
extern const Message kControllerRevision;
extern const Message kDaemonSet;
extern const Message kLease;
extern const Message kEndpointSlice;
extern const Message kClusterRole;
extern const Message kClusterRoleBinding;
extern const Message kRole;
extern const Message kRoleBinding;
extern const Message kMutatingWebhookConfiguration;
extern const Message kServiceCidr;
extern const Message kNetworkPolicy;
extern const Message kPodDisruptionBudget;
extern const Message kJob;
extern const Message kIngress;
extern const Message kIngressClass;
extern const Message kGatewayClass;
extern const Message kGateway;
extern const Message kHttpRoute;
extern const Message kGrpcRoute;
extern const Message kReferenceGrant;

/// The fields that every root starts with.
constexpr Field kApiVersionField =
    str("apiVersion", "Group and version of the API this object follows, such as apps/v1.");
constexpr Field kKindField = str("kind", "Type of the object, in CamelCase.");
constexpr Field kMetadataField =
    obj("metadata", kObjectMeta, "Name, labels and everything else that all objects have.")
        .emitAlways();

inline constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";
HITLESS_VALUES(kMatchTypes, "Exact", "RegularExpression");

HITLESS_VALUES(kProtocols, "TCP", "UDP", "SCTP");

}  // namespace hitless::kube::schema
