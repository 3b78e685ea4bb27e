#include "core/kube/table_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "core/kube/objects.h"

namespace hitless::kube {
namespace {

constexpr Column kName{"Name", "string", "name", 0, "Name, unique in its namespace."};
constexpr Column kAge{"Age", "string", "", 0, "Time since the object was created."};
constexpr Column kContainers{"Containers", "string", "", 1, "Names of the containers."};
constexpr Column kImages{"Images", "string", "", 1, "Images of the containers."};
constexpr Column kSelector{"Selector", "string", "", 1, "Which pods belong to it."};

constexpr Column kPodColumns[] = {
    kName,
    {"Ready", "string", "", 0, "Ready containers of all containers."},
    {"Status", "string", "", 0, "Phase, or what keeps the pod from running."},
    {"Restarts", "string", "", 0, "Restarts of all containers, and how long ago the last was."},
    kAge,
    {"IP", "string", "", 1, "Address of the pod."},
    {"Node", "string", "", 1, "Node the pod runs on."},
    {"Nominated Node", "string", "", 1, "Node that is being cleared for the pod."},
    {"Readiness Gates", "string", "", 1, "Fulfilled readiness gates of all."},
};
constexpr Column kServiceColumns[] = {
    kName,
    {"Type", "string", "", 0, "How the Service is exposed."},
    {"Cluster-IP", "string", "", 0, "Virtual address, None if headless."},
    {"External-IP", "string", "", 0, "Addresses for clients outside the cluster."},
    {"Port(s)", "string", "", 0, "Ports, with the node port where there is one."},
    kAge,
    kSelector,
};
constexpr Column kEndpointsColumns[] = {
    kName,
    {"Endpoints", "string", "", 0, "Ready addresses with their ports."},
    kAge,
};
constexpr Column kSliceColumns[] = {
    kName,
    {"AddressType", "string", "", 0, "Kind of the addresses."},
    {"Ports", "string", "", 0, "Ports of all endpoints."},
    {"Endpoints", "string", "", 0, "Addresses of the endpoints."},
    kAge,
};
constexpr Column kNodeColumns[] = {
    kName,
    {"Status", "string", "", 0, "Whether the node is ready, and takes new pods."},
    {"Roles", "string", "", 0, "Roles from the node's labels."},
    kAge,
    {"Version", "string", "", 0, "Version of the node's agent."},
    {"Internal-IP", "string", "", 1, "Address inside the cluster."},
    {"External-IP", "string", "", 1, "Address outside the cluster."},
    {"OS-Image", "string", "", 1, "Operating system."},
    {"Kernel-Version", "string", "", 1, "Kernel."},
    {"Container-Runtime", "string", "", 1, "What runs the containers."},
};
constexpr Column kEventColumns[] = {
    {"Last Seen", "string", "", 0, "Time since it happened last."},
    {"Type", "string", "", 0, "Normal or Warning."},
    {"Reason", "string", "", 0, "One word for what happened."},
    {"Object", "string", "", 0, "What it happened to."},
    {"Subobject", "string", "", 1, "Which part of it."},
    {"Source", "string", "", 1, "Who saw it."},
    {"Message", "string", "", 0, "What happened."},
    {"First Seen", "string", "", 1, "Time since it happened first."},
    {"Count", "string", "", 1, "How often it happened."},
    {"Name", "string", "name", 1, "Name of the event."},
};
constexpr Column kNamespaceColumns[] = {
    kName,
    {"Status", "string", "", 0, "Active or Terminating."},
    kAge,
};
constexpr Column kConfigMapColumns[] = {
    kName,
    {"Data", "string", "", 0, "Number of keys."},
    kAge,
};
constexpr Column kSecretColumns[] = {
    kName,
    {"Type", "string", "", 0, "What the secret is for."},
    {"Data", "string", "", 0, "Number of keys."},
    kAge,
};
constexpr Column kServiceAccountColumns[] = {
    kName,
    {"Secrets", "string", "", 0, "Number of secrets."},
    kAge,
};
constexpr Column kDeploymentColumns[] = {
    kName,
    {"Ready", "string", "", 0, "Ready pods of those wanted."},
    {"Up-to-date", "string", "", 0, "Pods of the current template."},
    {"Available", "string", "", 0, "Pods that have been ready for long enough."},
    kAge,
    kContainers,
    kImages,
    kSelector,
};
constexpr Column kReplicaSetColumns[] = {
    kName,
    {"Desired", "integer", "", 0, "Pods wanted."},
    {"Current", "integer", "", 0, "Pods there are."},
    {"Ready", "integer", "", 0, "Pods that are ready."},
    kAge,
    kContainers,
    kImages,
    kSelector,
};
constexpr Column kStatefulSetColumns[] = {
    kName, {"Ready", "string", "", 0, "Ready pods of those wanted."}, kAge, kContainers, kImages,
};
constexpr Column kControllerRevisionColumns[] = {
    kName,
    {"Controller", "string", "", 0, "Whose state it is."},
    {"Revision", "string", "", 0, "A higher number is newer."},
    kAge,
};
constexpr Column kDaemonSetColumns[] = {
    kName,
    {"Desired", "integer", "", 0, "Nodes that should run a pod."},
    {"Current", "integer", "", 0, "Nodes that have one."},
    {"Ready", "integer", "", 0, "Nodes whose pod is ready."},
    {"Up-to-date", "integer", "", 0, "Nodes whose pod is of the current template."},
    {"Available", "integer", "", 0, "Nodes whose pod has been ready for long enough."},
    {"Node Selector", "string", "", 0, "Which nodes."},
    kAge,
    kContainers,
    kImages,
    kSelector,
};
constexpr Column kJobColumns[] = {
    kName,
    {"Completions", "string", "", 0, "Pods that have succeeded of those that have to."},
    {"Duration", "string", "", 0, "Time from the start to the completion, or to now."},
    kAge,
    kContainers,
    kImages,
    kSelector,
};
constexpr Column kNetworkPolicyColumns[] = {
    kName,
    {"Pod-Selector", "string", "", 0, "Pods that the policy is about."},
    kAge,
};
constexpr Column kIngressColumns[] = {
    kName,
    {"Class", "string", "", 0, "Class of the Ingress, which says who serves it."},
    {"Hosts", "string", "", 0, "Hosts that the rules are for."},
    {"Address", "string", "", 0, "Where the Ingress is served."},
    {"Ports", "string", "", 0, "Ports at which it is served."},
    kAge,
};
constexpr Column kIngressClassColumns[] = {
    kName,
    {"Controller", "string", "", 0, "Who serves Ingresses of this class."},
    {"Parameters", "string", "", 0, "Object with settings of the controller."},
    kAge,
};
constexpr Column kDate{"Age", "date", "", 0, "Time since the object was created."};
constexpr Column kGatewayColumns[] = {
    kName,
    {"Class", "string", "", 0, "Class of the Gateway, which says who serves it."},
    {"Address", "string", "", 0, "Where the Gateway is served."},
    {"Programmed", "string", "", 0, "Whether it is served."},
    kDate,
};
constexpr Column kGatewayClassColumns[] = {
    kName,
    {"Controller", "string", "", 0, "Who serves Gateways of this class."},
    {"Accepted", "string", "", 0, "Whether the controller knows the class."},
    kDate,
    {"Description", "string", "", 1, "What the class is for."},
};
constexpr Column kRouteColumns[] = {
    kName,
    {"Hostnames", "string", "", 0, "Names that requests are for."},
    kDate,
};
constexpr Column kBudgetColumns[] = {
    kName,
    {"Min Available", "string", "", 0, "Pods that must stay healthy."},
    {"Max Unavailable", "string", "", 0, "Pods that may be missing."},
    {"Allowed Disruptions", "integer", "", 0, "Evictions that are possible now."},
    kAge,
};
constexpr Column kRoleBindingColumns[] = {
    kName,
    {"Role", "string", "", 0, "What is allowed."},
    kAge,
};
constexpr Column kLeaseColumns[] = {
    kName,
    {"Holder", "string", "", 0, "Who holds the lease."},
    kAge,
};
constexpr Column kPlainColumns[] = {kName, kAge};

std::int64_t sizeOf(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  const json::object* map = value == nullptr ? nullptr : value->if_object();
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  const std::size_t size = map != nullptr ? map->size() : list != nullptr ? list->size() : 0;
  return static_cast<std::int64_t>(size);
}

json::array namespaceCells(const json::object& ns, WallTime now) {
  return {nameCell(ns), text(ns, {"status", "phase"}), ageCell(ns, now)};
}

json::array configMapCells(const json::object& map, WallTime now) {
  return {nameCell(map), sizeOf(map, "data") + sizeOf(map, "binaryData"), ageCell(map, now)};
}

json::array secretCells(const json::object& secret, WallTime now) {
  return {nameCell(secret), text(secret, {"type"}), sizeOf(secret, "data"), ageCell(secret, now)};
}

json::array serviceAccountCells(const json::object& account, WallTime now) {
  return {nameCell(account), sizeOf(account, "secrets"), ageCell(account, now)};
}

json::array roleBindingCells(const json::object& binding, WallTime now) {
  return {nameCell(binding),
          json::string(fmt::format("{}/{}", text(binding, {"roleRef", "kind"}),
                                   text(binding, {"roleRef", "name"}))),
          ageCell(binding, now)};
}

json::array networkPolicyCells(const json::object& policy, WallTime now) {
  return {nameCell(policy), selectorText(findObject(policy, {"spec", "podSelector"})),
          ageCell(policy, now)};
}

json::array leaseCells(const json::object& lease, WallTime now) {
  return {nameCell(lease), text(lease, {"spec", "holderIdentity"}), ageCell(lease, now)};
}

json::array plainCells(const json::object& object, WallTime now) {
  return {nameCell(object), ageCell(object, now)};
}

constexpr TableKind kKinds[] = {
    {"", "Pod", kPodColumns, podCells},
    {"", "Service", kServiceColumns, serviceCells},
    {"", "Endpoints", kEndpointsColumns, endpointsCells},
    {"", "Node", kNodeColumns, nodeCells},
    {"", "Event", kEventColumns, eventCells},
    {"", "Namespace", kNamespaceColumns, namespaceCells},
    {"", "ConfigMap", kConfigMapColumns, configMapCells},
    {"", "Secret", kSecretColumns, secretCells},
    {"", "ServiceAccount", kServiceAccountColumns, serviceAccountCells},
    {"apps", "Deployment", kDeploymentColumns, deploymentCells},
    {"apps", "ReplicaSet", kReplicaSetColumns, replicaSetCells},
    {"apps", "StatefulSet", kStatefulSetColumns, statefulSetCells},
    {"apps", "ControllerRevision", kControllerRevisionColumns, controllerRevisionCells},
    {"apps", "DaemonSet", kDaemonSetColumns, daemonSetCells},
    {"batch", "Job", kJobColumns, jobCells},
    {"networking.k8s.io", "NetworkPolicy", kNetworkPolicyColumns, networkPolicyCells},
    {"networking.k8s.io", "Ingress", kIngressColumns, ingressCells},
    {"networking.k8s.io", "IngressClass", kIngressClassColumns, ingressClassCells},
    {"gateway.networking.k8s.io", "GatewayClass", kGatewayClassColumns, gatewayClassCells},
    {"gateway.networking.k8s.io", "Gateway", kGatewayColumns, gatewayCells},
    {"gateway.networking.k8s.io", "HTTPRoute", kRouteColumns, routeCells},
    {"gateway.networking.k8s.io", "GRPCRoute", kRouteColumns, routeCells},
    {"policy", "PodDisruptionBudget", kBudgetColumns, budgetCells},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", kRoleBindingColumns, roleBindingCells},
    {"coordination.k8s.io", "Lease", kLeaseColumns, leaseCells},
    {"discovery.k8s.io", "EndpointSlice", kSliceColumns, endpointSliceCells},
};
constexpr TableKind kPlain{"", "", kPlainColumns, plainCells};

}  // namespace

const TableKind& tableKind(const Resource& resource) {
  for (const TableKind& row : kKinds) {
    if (row.kind == resource.kind && row.group == resource.group) {
      return row;
    }
  }
  return kPlain;
}

}  // namespace hitless::kube
