#include "core/kube/resource.h"

#include <fmt/format.h>

#include <array>

#include "core/kube/daemon_set.h"
#include "core/kube/job.h"
#include "core/kube/pod_disruption_budget.h"

namespace hitless::kube {
namespace {

using Names = std::span<const std::string_view>;

template <std::size_t N>
using List = std::array<std::string_view, N>;

constexpr List<1> kAll{"all"};
constexpr List<1> kNs{"ns"};
constexpr List<1> kPo{"po"};
constexpr List<1> kSvc{"svc"};
constexpr List<1> kEp{"ep"};
constexpr List<1> kCm{"cm"};
constexpr List<1> kSa{"sa"};
constexpr List<1> kNo{"no"};
constexpr List<1> kEv{"ev"};
constexpr List<1> kDeploy{"deploy"};
constexpr List<1> kRs{"rs"};
constexpr List<1> kSts{"sts"};
constexpr List<1> kPdb{"pdb"};
constexpr List<1> kNetpol{"netpol"};
constexpr List<1> kDs{"ds"};
constexpr List<1> kIng{"ing"};
constexpr List<1> kGc{"gc"};
constexpr List<1> kGtw{"gtw"};
constexpr List<1> kRefgrant{"refgrant"};
constexpr List<1> kGatewayApi{"gateway-api"};
constexpr List<1> kStatus{"status"};
constexpr List<2> kNamespaceSubs{"status", "finalize"};
constexpr List<5> kPodSubs{"status", "log", "binding", "eviction", "ephemeralcontainers"};
constexpr List<2> kWorkloadSubs{"status", "scale"};

enum Row {
  kNamespaceRow,
  kPodRow,
  kServiceRow,
  kEndpointsRow,
  kConfigMapRow,
  kSecretRow,
  kServiceAccountRow,
  kNodeRow,
  kEventRow,
  kDeploymentRow,
  kReplicaSetRow,
  kStatefulSetRow,
  kControllerRevisionRow,
  kLeaseRow,
  kEndpointSliceRow,
  kDaemonSetRow,
  kClusterRoleRow,
  kClusterRoleBindingRow,
  kRoleRow,
  kRoleBindingRow,
  kMutatingWebhookRow,
  kServiceCidrRow,
  kNetworkPolicyRow,
  kIngressRow,
  kIngressClassRow,
  kGatewayClassRow,
  kGatewayRow,
  kHttpRouteRow,
  kGrpcRouteRow,
  kReferenceGrantRow,
  kBudgetRow,
  kJobRow,
  kRowCount
};

constexpr std::array<Resource, kRowCount> kTable{{
    {"", "v1", "Namespace", "namespaces", "namespace", kNs, {}, kNamespaceSubs, false},
    {"", "v1", "Pod", "pods", "pod", kPo, kAll, kPodSubs, true},
    {"", "v1", "Service", "services", "service", kSvc, kAll, kStatus, true},
    {"", "v1", "Endpoints", "endpoints", "endpoints", kEp, {}, {}, true},
    {"", "v1", "ConfigMap", "configmaps", "configmap", kCm, {}, {}, true},
    {"", "v1", "Secret", "secrets", "secret", {}, {}, {}, true},
    {"", "v1", "ServiceAccount", "serviceaccounts", "serviceaccount", kSa, {}, {}, true},
    {"", "v1", "Node", "nodes", "node", kNo, {}, kStatus, false},
    {"", "v1", "Event", "events", "event", kEv, {}, {}, true},
    {"apps", "v1", "Deployment", "deployments", "deployment", kDeploy, kAll, kWorkloadSubs, true},
    {"apps", "v1", "ReplicaSet", "replicasets", "replicaset", kRs, kAll, kWorkloadSubs, true},
    {"apps", "v1", "StatefulSet", "statefulsets", "statefulset", kSts, kAll, kWorkloadSubs, true},
    {"apps",
     "v1",
     "ControllerRevision",
     "controllerrevisions",
     "controllerrevision",
     {},
     {},
     {},
     true},
    {"coordination.k8s.io", "v1", "Lease", "leases", "lease", {}, {}, {}, true},
    {"discovery.k8s.io",
     "v1",
     "EndpointSlice",
     "endpointslices",
     "endpointslice",
     {},
     {},
     {},
     true},
    {"apps", "v1", "DaemonSet", "daemonsets", "daemonset", kDs, kAll, kStatus, true},
    {"rbac.authorization.k8s.io",
     "v1",
     "ClusterRole",
     "clusterroles",
     "clusterrole",
     {},
     {},
     {},
     false},
    {"rbac.authorization.k8s.io",
     "v1",
     "ClusterRoleBinding",
     "clusterrolebindings",
     "clusterrolebinding",
     {},
     {},
     {},
     false},
    {"rbac.authorization.k8s.io", "v1", "Role", "roles", "role", {}, {}, {}, true},
    {"rbac.authorization.k8s.io",
     "v1",
     "RoleBinding",
     "rolebindings",
     "rolebinding",
     {},
     {},
     {},
     true},
    {"admissionregistration.k8s.io",
     "v1",
     "MutatingWebhookConfiguration",
     "mutatingwebhookconfigurations",
     "mutatingwebhookconfiguration",
     {},
     {},
     {},
     false},
    {"networking.k8s.io",
     "v1",
     "ServiceCIDR",
     "servicecidrs",
     "servicecidr",
     {},
     {},
     kStatus,
     false},
    {"networking.k8s.io",
     "v1",
     "NetworkPolicy",
     "networkpolicies",
     "networkpolicy",
     kNetpol,
     {},
     {},
     true},
    {"networking.k8s.io", "v1", "Ingress", "ingresses", "ingress", kIng, {}, kStatus, true},
    {"networking.k8s.io",
     "v1",
     "IngressClass",
     "ingressclasses",
     "ingressclass",
     {},
     {},
     {},
     false},
    {"gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses", "gatewayclass", kGc,
     kGatewayApi, kStatus, false},
    {"gateway.networking.k8s.io", "v1", "Gateway", "gateways", "gateway", kGtw, kGatewayApi,
     kStatus, true},
    {"gateway.networking.k8s.io",
     "v1",
     "HTTPRoute",
     "httproutes",
     "httproute",
     {},
     kGatewayApi,
     kStatus,
     true},
    {"gateway.networking.k8s.io",
     "v1",
     "GRPCRoute",
     "grpcroutes",
     "grpcroute",
     {},
     kGatewayApi,
     kStatus,
     true},
    {"gateway.networking.k8s.io",
     "v1beta1",
     "ReferenceGrant",
     "referencegrants",
     "referencegrant",
     kRefgrant,
     kGatewayApi,
     {},
     true},
    {"policy",
     "v1",
     "PodDisruptionBudget",
     "poddisruptionbudgets",
     "poddisruptionbudget",
     kPdb,
     {},
     kStatus,
     true},
    {"batch", "v1", "Job", "jobs", "job", {}, kAll, kStatus, true},
}};

}  // namespace

std::string Resource::apiVersion() const {
  return group.empty() ? std::string(version) : fmt::format("{}/{}", group, version);
}

std::string Resource::qualified() const {
  return group.empty() ? std::string(plural) : fmt::format("{}.{}", plural, group);
}

std::span<const Resource> resources() {
  return kTable;
}

const Resource* findResource(std::string_view group, std::string_view version,
                             std::string_view plural) {
  for (const Resource& resource : kTable) {
    if (resource.group == group && resource.version == version && resource.plural == plural) {
      return &resource;
    }
  }
  return nullptr;
}

const Resource* findKind(std::string_view apiVersion, std::string_view kind) {
  for (const Resource& resource : kTable) {
    if (resource.kind == kind && resource.apiVersion() == apiVersion) {
      return &resource;
    }
  }
  return nullptr;
}

namespace res {
const Resource& kNamespaces = kTable[kNamespaceRow];
const Resource& kPods = kTable[kPodRow];
const Resource& kServices = kTable[kServiceRow];
const Resource& kEndpoints = kTable[kEndpointsRow];
const Resource& kEndpointSlices = kTable[kEndpointSliceRow];
const Resource& kConfigMaps = kTable[kConfigMapRow];
const Resource& kSecrets = kTable[kSecretRow];
const Resource& kServiceAccounts = kTable[kServiceAccountRow];
const Resource& kNodes = kTable[kNodeRow];
const Resource& kEvents = kTable[kEventRow];
const Resource& kLeases = kTable[kLeaseRow];
const Resource& kDeployments = kTable[kDeploymentRow];
const Resource& kReplicaSets = kTable[kReplicaSetRow];
const Resource& kDaemonSets = kTable[kDaemonSetRow];
const Resource& kStatefulSets = kTable[kStatefulSetRow];
const Resource& kControllerRevisions = kTable[kControllerRevisionRow];
const Resource& kMutatingWebhookConfigurations = kTable[kMutatingWebhookRow];
const Resource& kServiceCidrs = kTable[kServiceCidrRow];
const Resource& kNetworkPolicies = kTable[kNetworkPolicyRow];
const Resource& kIngresses = kTable[kIngressRow];
const Resource& kIngressClasses = kTable[kIngressClassRow];
const Resource& kGatewayClasses = kTable[kGatewayClassRow];
const Resource& kGateways = kTable[kGatewayRow];
const Resource& kHttpRoutes = kTable[kHttpRouteRow];
const Resource& kGrpcRoutes = kTable[kGrpcRouteRow];
const Resource& kReferenceGrants = kTable[kReferenceGrantRow];
const Resource& kJobs = kTable[kJobRow];
const Resource& kPodDisruptionBudgets = kTable[kBudgetRow];
}  // namespace res

}  // namespace hitless::kube
