#include "core/kube/schema_types.h"

/// Gateway API v1.2, standard channel.
namespace hitless::kube::schema {
namespace {

constexpr Field kClassParametersFields[] = {
    str("group", "Group of the object.").require().emitAlways(),
    str("kind", "Kind of the object.").require(),
    str("name", "Name of the object.").require(),
    str("namespace", "Namespace of the object, if its kind has one."),
};
constexpr Message kClassParameters{"ParametersReference", Package::kGateway,
                                   "Points at an object with settings of the controller.",
                                   kClassParametersFields};

constexpr Field kClassSpecFields[] = {
    str("controllerName",
        "Who serves Gateways of this class, as a domain and a path such as example.com/controller; "
        "cannot change.")
        .require(),
    obj("parametersRef", kClassParameters, "Settings of the controller."),
    str("description", "What the class is for, at most 64 characters."),
};
constexpr Message kClassSpec{"GatewayClassSpec", Package::kGateway,
                             "Who serves Gateways of this class.", kClassSpecFields};

constexpr Field kClassStatusFields[] = {
    objs("conditions", kCondition, "Accepted: the controller knows this class.").by("type"),
};
constexpr Message kClassStatus{"GatewayClassStatus", Package::kGateway,
                               "Whether the controller has taken the class.", kClassStatusFields};

constexpr Field kGatewayClassFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kClassSpec, "Who serves Gateways of this class.").emitAlways(),
    obj("status", kClassStatus, "Whether the controller has taken the class."),
};

constexpr Field kSecretReferenceFields[] = {
    str("group", "Group of the object; empty is the core group.").def(""),
    str("kind", "Kind of the object; Secret if not set.").def("Secret"),
    str("name", "Name of the object.").require(),
    str("namespace",
        "Namespace of the object; the Gateway's own if not set. Another one needs a "
        "ReferenceGrant there."),
};
constexpr Message kSecretReference{"SecretObjectReference", Package::kGateway,
                                   "Points at a Secret with a certificate and its key.",
                                   kSecretReferenceFields};

HITLESS_VALUES(kTlsModes, "Terminate", "Passthrough");
constexpr Field kTlsFields[] = {
    str("mode",
        "Terminate: TLS ends at the Gateway. Passthrough: the bytes go on as they are, by server "
        "name.")
        .def("Terminate")
        .oneOf(kTlsModes),
    objs("certificateRefs", kSecretReference, "Certificates that the Gateway shows."),
    strMap("options", "Settings that only some controllers know, by domain-prefixed keys."),
};
constexpr Message kTls{"GatewayTLSConfig", Package::kGateway, "TLS of a listener.", kTlsFields};

HITLESS_VALUES(kFrom, "All", "Selector", "Same");
constexpr Field kRouteNamespacesFields[] = {
    str("from",
        "Same: the Gateway's namespace. All: every namespace. Selector: those whose labels "
        "selector picks.")
        .def("Same")
        .oneOf(kFrom),
    obj("selector", kLabelSelector, "Namespaces by their labels, with from: Selector."),
};
constexpr Message kRouteNamespaces{"RouteNamespaces", Package::kGateway,
                                   "Namespaces that routes may come from.", kRouteNamespacesFields};

constexpr Field kRouteKindFields[] = {
    str("group", "Group of the route's kind.").def(kGatewayGroup),
    str("kind", "Kind of the route, such as HTTPRoute.").require(),
};
constexpr Message kRouteKind{"RouteGroupKind", Package::kGateway, "A kind of route.",
                             kRouteKindFields};

constexpr Field kAllowedRoutesFields[] = {
    obj("namespaces", kRouteNamespaces, "Where routes may come from.").def(""),
    objs("kinds", kRouteKind, "Kinds of routes; without any: all that fit the protocol."),
};
constexpr Message kAllowedRoutes{"AllowedRoutes", Package::kGateway,
                                 "Which routes may use a listener.", kAllowedRoutesFields};

constexpr Field kListenerFields[] = {
    str("name", "Unique within the Gateway; routes can name it as sectionName.").require(),
    str("hostname",
        "Requests for this name only, such as www.example.com or *.example.com. Without it: for "
        "all names."),
    i32("port", "Port to listen on, 1 to 65535; listeners may share one.").require(),
    str("protocol", "HTTP, HTTPS, TLS, TCP or UDP.").require(),
    obj("tls", kTls, "Needed for HTTPS and TLS, forbidden for the others."),
    obj("allowedRoutes", kAllowedRoutes, "Which routes may use this listener.").def(""),
};
constexpr Message kListener{"Listener", Package::kGateway,
                            "A port, a protocol and a name that a Gateway serves.",
                            kListenerFields};

constexpr Field kAddressFields[] = {
    str("type", "IPAddress, Hostname, or a domain-prefixed word of some controller.")
        .def("IPAddress"),
    str("value", "The address.").require(),
};
constexpr Message kSpecAddress{"GatewayAddress", Package::kGateway, "An address to ask for.",
                               kAddressFields};
constexpr Message kStatusAddress{"GatewayStatusAddress", Package::kGateway,
                                 "An address at which the Gateway is served.", kAddressFields};

constexpr Field kLocalParametersFields[] = {
    str("group", "Group of the object.").require().emitAlways(),
    str("kind", "Kind of the object.").require(),
    str("name", "Name of the object.").require(),
};
constexpr Message kLocalParameters{"LocalParametersReference", Package::kGateway,
                                   "Points at an object with settings of this Gateway.",
                                   kLocalParametersFields};

constexpr Field kInfrastructureFields[] = {
    strMap("labels", "Labels for what the controller makes for this Gateway."),
    strMap("annotations", "Annotations for what the controller makes for this Gateway."),
    obj("parametersRef", kLocalParameters, "Settings of this Gateway."),
};
constexpr Message kInfrastructure{"GatewayInfrastructure", Package::kGateway,
                                  "What the controller makes for a Gateway.",
                                  kInfrastructureFields};

constexpr Field kSpecFields[] = {
    str("gatewayClassName", "The GatewayClass whose controller is to serve this Gateway.")
        .require(),
    objs("listeners", kListener, "What is served; at least one, at most 64.").require().by("name"),
    objs("addresses", kSpecAddress, "Addresses to ask for; the controller chooses if none is."),
    obj("infrastructure", kInfrastructure, "What the controller makes for this Gateway."),
};
constexpr Message kSpec{"GatewaySpec", Package::kGateway, "What a Gateway listens for.",
                        kSpecFields};

constexpr Field kListenerStatusFields[] = {
    str("name", "The listener.").require(),
    objs("supportedKinds", kRouteKind, "Kinds of routes that it takes.").require(),
    i32("attachedRoutes", "How many routes use it.").require().emitAlways(),
    objs("conditions", kCondition, "Accepted, Programmed, ResolvedRefs, Conflicted.")
        .require()
        .by("type"),
};
constexpr Message kListenerStatus{"ListenerStatus", Package::kGateway,
                                  "How it stands with one listener.", kListenerStatusFields};

constexpr Field kStatusFields[] = {
    objs("addresses", kStatusAddress, "Where the Gateway is served."),
    objs("conditions", kCondition,
         "Accepted: the controller takes the Gateway. Programmed: it is served, or will be in a "
         "moment.")
        .by("type"),
    objs("listeners", kListenerStatus, "How it stands with each listener.").by("name"),
};
constexpr Message kStatus{"GatewayStatus", Package::kGateway, "How it stands with a Gateway.",
                          kStatusFields};

constexpr Field kGatewayFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "What a Gateway listens for.").emitAlways(),
    obj("status", kStatus, "How it stands with a Gateway."),
};

}  // namespace

constinit const Message kGatewayClass{"GatewayClass", Package::kGateway,
                                      "A kind of Gateway, and who serves it.", kGatewayClassFields};
constinit const Message kGateway{
    "Gateway", Package::kGateway,
    "Ports and names at which traffic enters the cluster; routes say where it goes from there.",
    kGatewayFields};

}  // namespace hitless::kube::schema
