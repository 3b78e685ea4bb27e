#include "core/kube/schema.h"

#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

struct Root {
  std::string_view group;
  std::string_view kind;
  const Message* message;
};

constexpr Root kRoots[] = {
    {"", "Namespace", &kNamespace},
    {"", "Pod", &kPod},
    {"", "Service", &kService},
    {"", "Endpoints", &kEndpoints},
    {"", "ConfigMap", &kConfigMap},
    {"", "Secret", &kSecret},
    {"", "ServiceAccount", &kServiceAccount},
    {"", "Node", &kNode},
    {"", "Event", &kEvent},
    {"apps", "Deployment", &kDeployment},
    {"apps", "DaemonSet", &kDaemonSet},
    {"apps", "ReplicaSet", &kReplicaSet},
    {"apps", "StatefulSet", &kStatefulSet},
    {"apps", "ControllerRevision", &kControllerRevision},
    {"coordination.k8s.io", "Lease", &kLease},
    {"discovery.k8s.io", "EndpointSlice", &kEndpointSlice},
    {"networking.k8s.io", "ServiceCIDR", &kServiceCidr},
    {"networking.k8s.io", "NetworkPolicy", &kNetworkPolicy},
    {"networking.k8s.io", "Ingress", &kIngress},
    {"networking.k8s.io", "IngressClass", &kIngressClass},
    {"gateway.networking.k8s.io", "GatewayClass", &kGatewayClass},
    {"gateway.networking.k8s.io", "Gateway", &kGateway},
    {"gateway.networking.k8s.io", "HTTPRoute", &kHttpRoute},
    {"gateway.networking.k8s.io", "GRPCRoute", &kGrpcRoute},
    {"gateway.networking.k8s.io", "ReferenceGrant", &kReferenceGrant},
    {"policy", "PodDisruptionBudget", &kPodDisruptionBudget},
    {"batch", "Job", &kJob},
    {"rbac.authorization.k8s.io", "ClusterRole", &kClusterRole},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", &kClusterRoleBinding},
    {"rbac.authorization.k8s.io", "Role", &kRole},
    {"rbac.authorization.k8s.io", "RoleBinding", &kRoleBinding},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration",
     &kMutatingWebhookConfiguration},
};

/// For a resource without a row here: nothing but what every object has.
constexpr Field kPlainFields[] = {kApiVersionField, kKindField, kMetadataField};
constexpr Message kPlain{"Object", Package::kMeta, "An object without a schema.", kPlainFields};

}  // namespace

const Field* Message::find(std::string_view field) const {
  for (const Field& candidate : fields) {
    if (candidate.name == field) {
      return &candidate;
    }
  }
  return nullptr;
}

const Message& messageOf(const Resource& resource) {
  for (const Root& root : kRoots) {
    if (root.kind == resource.kind && root.group == resource.group) {
      return *root.message;
    }
  }
  return kPlain;
}

}  // namespace hitless::kube::schema
