#include "core/kube/schema_types.h"

/// Gateway API v1.2, standard channel.
namespace hitless::kube::schema {
namespace {

constexpr Field kMethodFields[] = {
    str("type", "Exact, or RegularExpression.").def("Exact").oneOf(kMatchTypes),
    str("service", "The service's full name, such as helloworld.Greeter; without it any."),
    str("method", "The method's name; without it any."),
};
constexpr Message kMethod{"GRPCMethodMatch", Package::kGateway,
                          "A condition on service and method.", kMethodFields};

constexpr Field kHeaderMatchFields[] = {
    str("type", "Exact, or RegularExpression.").def("Exact").oneOf(kMatchTypes),
    str("name", "Name of the header; upper and lower case are the same.").require(),
    str("value", "What its value is compared with.").require(),
};
constexpr Message kHeaderMatch{"GRPCHeaderMatch", Package::kGateway, "A condition on a header.",
                               kHeaderMatchFields};

constexpr Field kMatchFields[] = {
    obj("method", kMethod, "A condition on service and method; without it any."),
    objs("headers", kHeaderMatch, "Conditions on headers, all of which must hold.").by("name"),
};
constexpr Message kMatch{"GRPCRouteMatch", Package::kGateway, "Conditions that must hold together.",
                         kMatchFields};

HITLESS_VALUES(kFilterTypes, "ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror",
               "ExtensionRef");
constexpr Field kFilterFields[] = {
    str("type", "Which of the other fields is set.").require().oneOf(kFilterTypes),
    obj("requestHeaderModifier", kHeaderFilter, "Changes headers of the call."),
    obj("responseHeaderModifier", kHeaderFilter, "Changes headers of the answer."),
    obj("requestMirror", kMirrorFilter, "Copies calls to another backend."),
    obj("extensionRef", kExtensionReference, "A filter that only some controllers know."),
};
constexpr Message kFilter{"GRPCRouteFilter", Package::kGateway,
                          "What happens to calls or answers on the way.", kFilterFields};

constexpr Field kBackendFields[] = {
    str("group", "Group of the object; empty is the core group.").def(""),
    str("kind", "Kind of the object; Service if not set.").def("Service"),
    str("name", "Name of the object.").require(),
    str("namespace",
        "Namespace of the object; the route's own if not set. Another one needs a ReferenceGrant "
        "there."),
    i32("port", "Port of the Service."),
    i32("weight", "Its share among all backends of the rule, 0 to 1000000.").def("1"),
    objs("filters", kFilter, "What happens to calls that go to this backend."),
};
constexpr Message kBackend{"GRPCBackendRef", Package::kGateway, "Who gets calls, and how many.",
                           kBackendFields};

constexpr Field kRuleFields[] = {
    objs("matches", kMatch, "Which calls, any one of them; every one if not set."),
    objs("filters", kFilter, "What happens to calls and answers on the way."),
    objs("backendRefs", kBackend,
         "Who gets the calls, by weight. None, or one that does not exist: UNAVAILABLE."),
};
constexpr Message kRule{"GRPCRouteRule", Package::kGateway, "What happens to some calls.",
                        kRuleFields};

constexpr Field kSpecFields[] = {
    objs("parentRefs", kParentReference, "Gateways that are to serve this route."),
    strs(
        "hostnames",
        "Names that calls are for, such as grpc.example.com or *.example.com; without any those of "
        "the listener."),
    objs("rules", kRule, "What happens to which calls."),
};
constexpr Message kSpec{"GRPCRouteSpec", Package::kGateway, "Which calls go where.", kSpecFields};

constexpr Field kGrpcRouteFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "Which calls go where.").emitAlways(),
    obj("status", kRouteStatus, "How the parents see the route."),
};

}  // namespace

constinit const Message kGrpcRoute{"GRPCRoute", Package::kGateway,
                                   "Leads gRPC calls from Gateways to Services.", kGrpcRouteFields};

}  // namespace hitless::kube::schema
