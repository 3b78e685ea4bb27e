#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "core/kube/json.h"

/// The object model: of each kind only the fields that hitless uses, comparable by value. Objects
/// are converted once at the edge; conversion is tolerant, because the API server has validated
/// already.
namespace hitless::kube {

using Labels = std::map<std::string, std::string, std::less<>>;

struct OwnerReference {
  std::string apiVersion;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
  bool blockOwnerDeletion = false;
  bool operator==(const OwnerReference&) const = default;
};

struct ObjectMeta {
  std::string name;
  std::string ns;  ///< Empty for cluster-scoped objects.
  std::string uid;
  std::uint64_t resourceVersion = 0;
  std::int64_t generation = 0;
  Labels labels;
  Labels annotations;
  std::vector<OwnerReference> owners;
  std::vector<std::string> finalizers;
  WallTime creationTimestamp{};
  std::optional<WallTime> deletionTimestamp;  ///< When the grace period ends; set = terminating.
  std::optional<std::int64_t> deletionGracePeriodSeconds;

  bool terminating() const { return deletionTimestamp.has_value(); }
  /// The owner with controller=true, or nullptr.
  const OwnerReference* controller() const;
  /// "namespace/name", or "name" for cluster-scoped objects.
  std::string key() const;
  bool operator==(const ObjectMeta&) const = default;
};

/// metav1.LabelSelector. Empty selects everything; see selector.h for matching.
struct LabelSelector {
  struct Expression {
    std::string key;
    std::string op;  ///< In, NotIn, Exists, DoesNotExist
    std::vector<std::string> values;
    bool operator==(const Expression&) const = default;
  };
  Labels matchLabels;
  std::vector<Expression> matchExpressions;
  bool operator==(const LabelSelector&) const = default;
};

using IntOrString = std::variant<std::int64_t, std::string>;

struct Condition {
  std::string type;
  std::string status;  ///< True, False, Unknown
  std::string reason;
  std::string message;
  std::optional<WallTime> lastTransitionTime;
  std::optional<WallTime> lastUpdateTime;
  bool operator==(const Condition&) const = default;
};

struct ContainerPort {
  std::string name;
  std::uint16_t containerPort = 0;
  std::string protocol = "TCP";
  bool operator==(const ContainerPort&) const = default;
};

/// What services, rules and the gate need to know of a pod. The kubelet's view is
/// core/node/pod_spec.h.
struct Pod {
  ObjectMeta meta;
  std::string nodeName;
  std::string hostname;
  std::string subdomain;
  bool hostNetwork = false;
  std::vector<ContainerPort> ports;  ///< Of all containers, in order, then of sidecars.
  std::string phase;
  std::vector<std::string> podIPs;  ///< status.podIPs, or {status.podIP}
  std::vector<Condition> conditions;
  std::int64_t restarts = 0;  ///< The sum over containers.

  bool ready() const;     ///< Condition Ready is True.
  bool finished() const;  ///< Phase Succeeded or Failed.
  bool operator==(const Pod&) const = default;
};

struct ServicePort {
  std::string name;
  std::string protocol = "TCP";
  std::uint16_t port = 0;
  IntOrString targetPort = std::int64_t{0};
  std::uint16_t nodePort = 0;
  std::string appProtocol;
  bool operator==(const ServicePort&) const = default;
};

/// One entry of status.loadBalancer.ingress.
struct LoadBalancerIngress {
  std::string ip;              ///< Empty if the load balancer is known by a host name only.
  std::string ipMode = "VIP";  ///< VIP or Proxy (KEP-1860)
  bool operator==(const LoadBalancerIngress&) const = default;
};

struct Service {
  ObjectMeta meta;
  std::string type = "ClusterIP";
  std::vector<std::string> clusterIPs;  ///< {"None"} for a headless Service.
  std::vector<std::string> ipFamilies;  ///< "IPv4", "IPv6"
  std::string externalName;             ///< Only of type ExternalName.
  std::vector<std::string> externalIPs;
  std::vector<LoadBalancerIngress> loadBalancerIngress;
  std::vector<std::string> loadBalancerSourceRanges;
  std::uint16_t healthCheckNodePort = 0;  ///< 0: none.
  std::vector<ServicePort> ports;
  Labels selector;
  bool publishNotReadyAddresses = false;
  std::string sessionAffinity = "None";
  std::int64_t sessionAffinityTimeout = 10800;  ///< seconds
  std::string internalTrafficPolicy = "Cluster";
  std::string externalTrafficPolicy = "Cluster";

  bool headless() const { return !clusterIPs.empty() && clusterIPs.front() == "None"; }
  bool operator==(const Service&) const = default;
};

struct Endpoint {
  std::vector<std::string> addresses;
  bool ready = true;         ///< conditions.ready, nil = true
  bool serving = true;       ///< conditions.serving, nil = ready
  bool terminating = false;  ///< conditions.terminating, nil = false
  std::string hostname;
  std::string nodeName;
  std::string zone;
  std::vector<std::string> forNodes;  ///< hints.forNodes[].name (KEP-4444)
  std::vector<std::string> forZones;  ///< hints.forZones[].name (KEP-2433)
  std::string targetKind;             ///< targetRef
  std::string targetName;
  std::string targetNamespace;
  std::string targetUid;
  bool operator==(const Endpoint&) const = default;
};

struct EndpointPort {
  std::string name;
  std::string protocol = "TCP";
  std::uint16_t port = 0;
  std::string appProtocol = {};
  bool operator==(const EndpointPort&) const = default;
};

struct EndpointSlice {
  ObjectMeta meta;
  std::string addressType = "IPv4";
  std::vector<Endpoint> endpoints;
  std::vector<EndpointPort> ports;

  /// Label kubernetes.io/service-name; empty if there is none.
  std::string_view serviceName() const;
  bool operator==(const EndpointSlice&) const = default;
};

struct Node {
  ObjectMeta meta;
  std::vector<std::string> podCIDRs;
  std::vector<std::string> internalIPs;  ///< status.addresses of type InternalIP
  std::vector<std::string> taints;       ///< The keys of spec.taints.
  bool unschedulable = false;
  std::vector<Condition> conditions;

  bool ready() const;
  /// Label topology.kubernetes.io/zone; empty if there is none.
  std::string_view zone() const;
  bool operator==(const Node&) const = default;
};

ObjectMeta metaOf(const json::object& object);
LabelSelector labelSelectorOf(const json::object& selector);
std::vector<Condition> conditionsOf(const json::array* conditions);
Labels labelsOf(const json::object* map);
Pod podOf(const json::object& object);
Service serviceOf(const json::object& object);
EndpointSlice endpointSliceOf(const json::object& object);
Node nodeOf(const json::object& object);
/// spec.cidrs of a ServiceCIDR.
std::vector<std::string> serviceCidrOf(const json::object& object);

json::object toJson(const OwnerReference& owner);
json::object toJson(const Labels& labels);
json::object toJson(const Condition& condition);

inline constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";
inline constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";

}  // namespace hitless::kube
