#include "core/kube/schema_types.h"

/// What all kinds of routes of Gateway API v1.2 share, and ReferenceGrant.
namespace hitless::kube::schema {
namespace {

constexpr Field kParentFields[] = {
    str("group", "Group of the parent.").def(kGatewayGroup),
    str("kind", "Kind of the parent; Gateway if not set.").def("Gateway"),
    str("namespace", "Namespace of the parent; the route's own if not set."),
    str("name", "Name of the parent.").require(),
    str("sectionName", "Only this listener of the Gateway."),
    i32("port", "Only the listeners of this port."),
};

constexpr Field kHeaderFields[] = {
    str("name", "Name of the header; upper and lower case are the same.").require(),
    str("value", "Value of the header.").require(),
};
constexpr Message kHeader{"HTTPHeader", Package::kGateway, "A header field.", kHeaderFields};

constexpr Field kHeaderFilterFields[] = {
    objs("set", kHeader, "Fields that replace those of their names.").by("name"),
    objs("add", kHeader, "Fields that join those of their names.").by("name"),
    strs("remove", "Names of fields that are taken out.").asSet(),
};

constexpr Field kMirrorBackendFields[] = {
    str("group", "Group of the object; empty is the core group.").def(""),
    str("kind", "Kind of the object; Service if not set.").def("Service"),
    str("name", "Name of the object.").require(),
    str("namespace", "Namespace of the object; the route's own if not set."),
    i32("port", "Port of the Service."),
};
constexpr Message kMirrorBackend{"BackendObjectReference", Package::kGateway,
                                 "Points at a port of a Service.", kMirrorBackendFields};

constexpr Field kMirrorFields[] = {
    obj("backendRef", kMirrorBackend, "Who gets a copy of each request.").require(),
};

constexpr Field kExtensionFields[] = {
    str("group", "Group of the object.").require().emitAlways(),
    str("kind", "Kind of the object.").require(),
    str("name", "Name of the object.").require(),
};

constexpr Field kParentStatusFields[] = {
    obj("parentRef", kParentReference, "The parent, as spec.parentRefs has it.").require(),
    str("controllerName", "Who wrote this entry.").require(),
    objs("conditions", kCondition,
         "Accepted: the parent takes the route. ResolvedRefs: all that it points at was found.")
        .by("type"),
};
constexpr Message kParentStatus{"RouteParentStatus", Package::kGateway,
                                "How one parent sees the route.", kParentStatusFields};

constexpr Field kRouteStatusFields[] = {
    objs("parents", kParentStatus, "How each parent sees the route.").require(),
};

constexpr Field kGrantFromFields[] = {
    str("group", "Group of what refers.").require().emitAlways(),
    str("kind", "Kind of what refers.").require(),
    str("namespace", "Namespace of what refers.").require(),
};
constexpr Message kGrantFrom{"ReferenceGrantFrom", Package::kGateway, "Who may refer.",
                             kGrantFromFields};
constexpr Field kGrantToFields[] = {
    str("group", "Group of what is referred to; empty is the core group.").require().emitAlways(),
    str("kind", "Kind of what is referred to.").require(),
    str("name", "One object of the kind; without it all of them."),
};
constexpr Message kGrantTo{"ReferenceGrantTo", Package::kGateway, "What may be referred to.",
                           kGrantToFields};
constexpr Field kGrantSpecFields[] = {
    objs("from", kGrantFrom, "Who may refer, any one of them.").require(),
    objs("to", kGrantTo, "To what in this namespace, any one of them.").require(),
};
constexpr Message kGrantSpec{"ReferenceGrantSpec", Package::kGateway,
                             "Who of other namespaces may refer to what in this one.",
                             kGrantSpecFields};
constexpr Field kGrantFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kGrantSpec, "Who of other namespaces may refer to what in this one."),
};

}  // namespace

constinit const Message kParentReference{"ParentReference", Package::kGateway,
                                         "Points at the Gateway that is to serve a route.",
                                         kParentFields};
constinit const Message kHeaderFilter{"HTTPHeaderFilter", Package::kGateway,
                                      "Changes of header fields.", kHeaderFilterFields};
constinit const Message kMirrorFilter{"HTTPRequestMirrorFilter", Package::kGateway,
                                      "Copies requests to another backend.", kMirrorFields};
constinit const Message kExtensionReference{"LocalObjectReference", Package::kGateway,
                                            "Points at an object of any kind in the route's "
                                            "namespace.",
                                            kExtensionFields};
constinit const Message kRouteStatus{"RouteStatus", Package::kGateway,
                                     "How the parents see the route.", kRouteStatusFields};
constinit const Message kReferenceGrant{
    "ReferenceGrant", Package::kGateway,
    "Allows objects of other namespaces to refer to objects of this one.", kGrantFields};

}  // namespace hitless::kube::schema
