#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kPortFields[] = {
    str("name", "Name of the Service's port; either this or number."),
    i32("number", "Number of the Service's port; either this or name."),
};
constexpr Message kPort{"ServiceBackendPort", Package::kNetworking,
                        "A port of a Service, by name or by number.", kPortFields};

constexpr Field kServiceFields[] = {
    str("name", "A Service in the Ingress' namespace.").require().emitAlways(),
    obj("port", kPort, "Which of its ports."),
};
constexpr Message kServiceBackend{"IngressServiceBackend", Package::kNetworking,
                                  "A port of a Service.", kServiceFields};

constexpr Field kResourceFields[] = {
    str("apiGroup", "Group of the object; without it the core group."),
    str("kind", "Kind of the object.").require().emitAlways(),
    str("name", "Name of the object.").require().emitAlways(),
};
constexpr Message kTypedReference{"TypedLocalObjectReference", Package::kCore,
                                  "Points at an object of any kind in the same namespace.",
                                  kResourceFields, true};

constexpr Field kBackendFields[] = {
    obj("service", kServiceBackend, "A Service that answers; goes with no resource."),
    obj("resource", kTypedReference, "An object that answers; goes with no service."),
};
constexpr Message kBackend{"IngressBackend", Package::kNetworking, "Who answers requests.",
                           kBackendFields};

constexpr Field kPathFields[] = {
    str("path",
        "What the request's path is compared with; begins with a slash. Without it every path "
        "matches."),
    str("pathType",
        "Exact: the whole path. Prefix: its first elements, split at slashes. "
        "ImplementationSpecific: as the controller likes."),
    obj("backend", kBackend, "Who answers.").emitAlways(),
};
constexpr Message kPath{"HTTPIngressPath", Package::kNetworking,
                        "Paths that belong to one backend.", kPathFields};

constexpr Field kHttpFields[] = {
    objs("paths", kPath, "Paths of this host and who answers them.").require(),
};
constexpr Message kHttp{"HTTPIngressRuleValue", Package::kNetworking,
                        "The paths of one host, the longest that matches first.", kHttpFields};

constexpr Field kRuleFields[] = {
    str("host",
        "A name without a port, such as www.example.com, or *.example.com for names with exactly "
        "one more label. Without it: every host."),
    obj("http", kHttp, "The paths; without them everything goes to the default backend."),
};
constexpr Message kRule{"IngressRule", Package::kNetworking, "What one host's paths lead to.",
                        kRuleFields};

constexpr Field kTlsFields[] = {
    strs("hosts", "Names in the certificate. Without any: those that no other entry is for."),
    str("secretName",
        "A Secret of type kubernetes.io/tls with certificate and key. Without it the controller "
        "uses its own."),
};
constexpr Message kTls{"IngressTLS", Package::kNetworking, "A certificate and its hosts.",
                       kTlsFields};

constexpr Field kSpecFields[] = {
    str("ingressClassName", "The IngressClass whose controller is to serve this Ingress."),
    obj("defaultBackend", kBackend, "Who answers what no rule matches."),
    objs("tls", kTls, "Hosts that are served over TLS on port 443."),
    objs("rules", kRule, "Hosts, their paths and backends."),
};
constexpr Message kSpec{"IngressSpec", Package::kNetworking,
                        "Which requests from outside go to which Services.", kSpecFields};

constexpr Field kPortStatusFields[] = {
    i32("port", "Number of the port.").require().emitAlways(),
    str("protocol", "TCP, UDP or SCTP.").require().emitAlways().oneOf(kProtocols),
    str("error", "Why the port is not served, as one CamelCase word."),
};
constexpr Message kPortStatus{"IngressPortStatus", Package::kNetworking,
                              "How it stands with one port.", kPortStatusFields};

constexpr Field kPointFields[] = {
    str("ip", "Address at which the Ingress is served."),
    str("hostname", "Name under which the Ingress is served."),
    objs("ports", kPortStatus, "Ports of this address."),
};
constexpr Message kPoint{"IngressLoadBalancerIngress", Package::kNetworking,
                         "One address of a load balancer.", kPointFields};

constexpr Field kBalancerFields[] = {objs("ingress", kPoint, "Addresses of the load balancer.")};
constexpr Message kBalancer{"IngressLoadBalancerStatus", Package::kNetworking,
                            "Where the load balancer is.", kBalancerFields};

constexpr Field kStatusFields[] = {
    obj("loadBalancer", kBalancer, "Where the Ingress is served.").emitAlways(),
};
constexpr Message kStatus{"IngressStatus", Package::kNetworking, "Where the Ingress is served.",
                          kStatusFields};

constexpr Field kIngressFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "Which requests from outside go to which Services.").emitAlways(),
    obj("status", kStatus, "Where the Ingress is served.").emitAlways(),
};

constexpr Field kParametersFields[] = {
    str("apiGroup", "Group of the object; without it the core group."),
    str("kind", "Kind of the object.").require().emitAlways(),
    str("name", "Name of the object.").require().emitAlways(),
    str("scope", "Cluster, or Namespace if the object is in one.").def("Cluster"),
    str("namespace", "Namespace of the object, with scope Namespace."),
};
constexpr Message kParameters{"IngressClassParametersReference", Package::kNetworking,
                              "Points at an object with settings of the controller.",
                              kParametersFields};

constexpr Field kClassSpecFields[] = {
    str("controller",
        "Who serves Ingresses of this class, such as example.com/controller; cannot "
        "change."),
    obj("parameters", kParameters, "Settings of the controller."),
};
constexpr Message kClassSpec{"IngressClassSpec", Package::kNetworking,
                             "Who serves Ingresses of this class.", kClassSpecFields};

constexpr Field kClassFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kClassSpec, "Who serves Ingresses of this class.").emitAlways(),
};

}  // namespace

constinit const Message kIngress{"Ingress", Package::kNetworking,
                                 "Leads HTTP requests from outside to Services, by host and path.",
                                 kIngressFields};
constinit const Message kIngressClass{"IngressClass", Package::kNetworking,
                                      "A kind of Ingress; with annotation "
                                      "ingressclass.kubernetes.io/is-default-class: \"true\" it is "
                                      "that of Ingresses that name none.",
                                      kClassFields};

}  // namespace hitless::kube::schema
