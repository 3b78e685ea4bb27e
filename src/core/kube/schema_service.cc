#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kServicePortFields[] = {
    str("name", "Name of the port; needed if there are several.").is(Check::kDnsLabel),
    str("protocol", "TCP, UDP or SCTP.").def("TCP").oneOf(kProtocols),
    str("appProtocol", "What is spoken on it."),
    i32("port", "Port of the Service.").require().is(Check::kPortNumber),
    intOrStr("targetPort", "Port of the pods, by number or name; port if absent.")
        .is(Check::kPortOrName),
    i32("nodePort", "Port on every node, for NodePort and LoadBalancer."),
};
constexpr Message kServicePort{"ServicePort", Package::kCore, "A port of a Service.",
                               kServicePortFields};

constexpr Field kClientIpFields[] = {
    i32("timeoutSeconds", "How long a client stays with one pod; 1 to 86400.").def("10800"),
};
constexpr Message kClientIp{"ClientIPConfig", Package::kCore, "Settings of ClientIP affinity.",
                            kClientIpFields};
constexpr Field kAffinityConfigFields[] = {obj("clientIP", kClientIp)};
constexpr Message kAffinityConfig{"SessionAffinityConfig", Package::kCore,
                                  "Settings of session affinity.", kAffinityConfigFields};

HITLESS_VALUES(kAffinities, "ClientIP", "None");
HITLESS_VALUES(kServiceTypes, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
HITLESS_VALUES(kTrafficPolicies, "Cluster", "Local");
HITLESS_VALUES(kFamilyPolicies, "SingleStack", "PreferDualStack", "RequireDualStack");
HITLESS_VALUES(kDistributions, "PreferClose", "PreferSameZone", "PreferSameNode");

constexpr Field kServiceSpecFields[] = {
    objs("ports", kServicePort, "Ports of the Service.")
        .patchBy("port")
        .keyedBy("port", "protocol"),
    strMap("selector", "Labels of the pods behind it.").whole(),
    str("clusterIP", "Virtual address; None for a headless Service."),
    strs("clusterIPs", "Virtual addresses, one for each family."),
    str("type", "ClusterIP, NodePort, LoadBalancer or ExternalName.")
        .def("ClusterIP")
        .oneOf(kServiceTypes),
    strs("externalIPs", "More addresses that nodes accept traffic for."),
    str("sessionAffinity", "ClientIP keeps a client with one pod.").def("None").oneOf(kAffinities),
    str("loadBalancerIP", "Wish for the load balancer's address."),
    strs("loadBalancerSourceRanges", "Who may use the load balancer."),
    str("externalName", "Name that the Service is an alias of."),
    str("externalTrafficPolicy", "Local keeps outside traffic on the node it reached.")
        .oneOf(kTrafficPolicies),
    i32("healthCheckNodePort", "Port for the load balancer's health check."),
    boolean("publishNotReadyAddresses", "Pods that are not ready count as ready."),
    obj("sessionAffinityConfig", kAffinityConfig),
    strs("ipFamilies", "IPv4, IPv6 or both."),
    str("ipFamilyPolicy", "One family or two.").oneOf(kFamilyPolicies),
    boolean("allocateLoadBalancerNodePorts", "Whether a LoadBalancer gets node ports."),
    str("loadBalancerClass", "Who makes the load balancer."),
    str("internalTrafficPolicy", "Local keeps inside traffic on its node.").oneOf(kTrafficPolicies),
    str("trafficDistribution", "Preference for endpoints that are near.").oneOf(kDistributions),
};
constexpr Message kServiceSpec{"ServiceSpec", Package::kCore, "What a Service is to be.",
                               kServiceSpecFields};

constexpr Field kPortStatusFields[] = {
    i32("port", "Port.").require(),
    str("protocol", "Protocol.").require(),
    str("error", "What went wrong."),
};
constexpr Message kPortStatus{"PortStatus", Package::kCore, "State of a load balancer's port.",
                              kPortStatusFields};
constexpr Field kIngressFields[] = {
    str("ip", "Address."),
    str("hostname", "Name."),
    str("ipMode", "VIP or Proxy."),
    objs("ports", kPortStatus, "Ports."),
};
constexpr Message kIngress{"LoadBalancerIngress", Package::kCore,
                           "Where the load balancer can be reached.", kIngressFields};
constexpr Field kLoadBalancerFields[] = {objs("ingress", kIngress, "Where it can be reached.")};
constexpr Message kLoadBalancer{"LoadBalancerStatus", Package::kCore, "State of the load balancer.",
                                kLoadBalancerFields};
constexpr Field kServiceStatusFields[] = {
    obj("loadBalancer", kLoadBalancer, "State of the load balancer.").emitAlways(),
    objs("conditions", kCondition, "Aspects of the Service's state.").by("type"),
};
constexpr Message kServiceStatus{"ServiceStatus", Package::kCore, "What a Service is.",
                                 kServiceStatusFields};

constexpr Field kServiceFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kServiceSpec, "What the Service is to be.").emitAlways(),
    obj("status", kServiceStatus, "What the Service is.").emitAlways(),
};

constexpr Field kEndpointAddressFields[] = {
    str("ip", "Address.").require().is(Check::kIpAddress),
    str("hostname", "Host name."),
    str("nodeName", "Node it is on."),
    obj("targetRef", kObjectReference, "The pod."),
};
constexpr Message kEndpointAddress{"EndpointAddress", Package::kCore, "One address.",
                                   kEndpointAddressFields, true};
constexpr Field kEndpointsPortFields[] = {
    str("name", "Name of the Service's port."),
    i32("port", "Port.").require().is(Check::kPortNumber),
    str("protocol", "TCP, UDP or SCTP.").def("TCP").oneOf(kProtocols),
    str("appProtocol", "What is spoken on it."),
};
constexpr Message kEndpointsPort{"EndpointPort", Package::kCore, "A port of all addresses.",
                                 kEndpointsPortFields, true};
constexpr Field kSubsetFields[] = {
    objs("addresses", kEndpointAddress, "Addresses that are ready."),
    objs("notReadyAddresses", kEndpointAddress, "Addresses that are not."),
    objs("ports", kEndpointsPort, "Ports of all of them."),
};
constexpr Message kSubset{"EndpointSubset", Package::kCore, "Addresses with the same ports.",
                          kSubsetFields};
constexpr Field kEndpointsFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    objs("subsets", kSubset, "Addresses, grouped by ports."),
};

constexpr Field kSliceConditionsFields[] = {
    boolean("ready", "May get traffic; absent means yes."),
    boolean("serving", "Answers, even while terminating; absent means as ready."),
    boolean("terminating", "Is going away; absent means no."),
};
constexpr Message kSliceConditions{"EndpointConditions", Package::kDiscovery,
                                   "State of an endpoint.", kSliceConditionsFields};
constexpr Field kForFields[] = {str("name", "Name.").require()};
constexpr Message kForZone{"ForZone", Package::kDiscovery, "A zone.", kForFields};
constexpr Message kForNode{"ForNode", Package::kDiscovery, "A node.", kForFields};
constexpr Field kHintsFields[] = {
    objs("forZones", kForZone, "Zones whose traffic it should get."),
    objs("forNodes", kForNode, "Nodes whose traffic it should get."),
};
constexpr Message kHints{"EndpointHints", Package::kDiscovery, "Who should use an endpoint.",
                         kHintsFields};
constexpr Field kEndpointFields[] = {
    strs("addresses", "Addresses, all of one pod.").require().asSet(),
    obj("conditions", kSliceConditions, "State.").emitAlways(),
    str("hostname", "Host name.").is(Check::kDnsLabel),
    obj("targetRef", kObjectReference, "The pod."),
    strMap("deprecatedTopology", "From an older version."),
    str("nodeName", "Node it is on."),
    str("zone", "Zone it is in."),
    obj("hints", kHints, "Who should use it."),
};
constexpr Message kEndpoint{"Endpoint", Package::kDiscovery, "One backend.", kEndpointFields};
constexpr Field kSlicePortFields[] = {
    str("name", "Name of the Service's port.").def(""),
    str("protocol", "TCP, UDP or SCTP.").def("TCP").oneOf(kProtocols),
    i32("port", "Port; absent means all."),
    str("appProtocol", "What is spoken on it."),
};
constexpr Message kSlicePort{"EndpointPort", Package::kDiscovery, "A port of all endpoints.",
                             kSlicePortFields, true};
HITLESS_VALUES(kAddressTypes, "FQDN", "IPv4", "IPv6");
constexpr Field kSliceFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    str("addressType", "IPv4, IPv6 or FQDN; cannot change.").require().oneOf(kAddressTypes),
    objs("endpoints", kEndpoint, "Backends, at most 1000.").require().emitAlways(),
    objs("ports", kSlicePort, "Ports of all endpoints.").emitAlways(),
};

}  // namespace

constinit const Message kService{"Service", Package::kCore,
                                 "A stable name and address for a changing set of pods.",
                                 kServiceFields};
constinit const Message kEndpoints{"Endpoints", Package::kCore,
                                   "The addresses behind a Service, in the older form.",
                                   kEndpointsFields};
constinit const Message kEndpointSlice{"EndpointSlice", Package::kDiscovery,
                                       "A part of the addresses behind a Service.", kSliceFields};

}  // namespace hitless::kube::schema
