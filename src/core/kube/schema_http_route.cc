#include "core/kube/schema_types.h"

/// Gateway API v1.2, standard channel.
namespace hitless::kube::schema {
namespace {

HITLESS_VALUES(kPathTypes, "Exact", "PathPrefix", "RegularExpression");
constexpr Field kPathFields[] = {
    str("type",
        "Exact: the whole path. PathPrefix: its first elements, split at slashes. "
        "RegularExpression: as the controller understands it.")
        .def("PathPrefix")
        .oneOf(kPathTypes),
    str("value", "What the path is compared with.").def("/"),
};
constexpr Message kPath{"HTTPPathMatch", Package::kGateway, "A condition on the path.",
                        kPathFields};

constexpr Field kHeaderMatchFields[] = {
    str("type", "Exact, or RegularExpression.").def("Exact").oneOf(kMatchTypes),
    str("name", "Name of the header; upper and lower case are the same.").require(),
    str("value", "What its value is compared with.").require(),
};
constexpr Message kHeaderMatch{"HTTPHeaderMatch", Package::kGateway, "A condition on a header.",
                               kHeaderMatchFields};

constexpr Field kQueryMatchFields[] = {
    str("type", "Exact, or RegularExpression.").def("Exact").oneOf(kMatchTypes),
    str("name", "Name of the parameter.").require(),
    str("value", "What its value is compared with.").require(),
};
constexpr Message kQueryMatch{"HTTPQueryParamMatch", Package::kGateway,
                              "A condition on a parameter of the query.", kQueryMatchFields};

HITLESS_VALUES(kMethods, "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE",
               "PATCH");
constexpr Field kMatchFields[] = {
    obj("path", kPath, "A condition on the path; PathPrefix / if not set.").def(""),
    objs("headers", kHeaderMatch, "Conditions on headers, all of which must hold.").by("name"),
    objs("queryParams", kQueryMatch, "Conditions on the query, all of which must hold.").by("name"),
    str("method", "The request's method.").oneOf(kMethods),
};
constexpr Message kMatch{"HTTPRouteMatch", Package::kGateway, "Conditions that must hold together.",
                         kMatchFields};

HITLESS_VALUES(kPathModifiers, "ReplaceFullPath", "ReplacePrefixMatch");
constexpr Field kPathModifierFields[] = {
    str("type", "ReplaceFullPath or ReplacePrefixMatch.").require().oneOf(kPathModifiers),
    str("replaceFullPath", "What the whole path becomes."),
    str("replacePrefixMatch", "What the prefix that matched becomes."),
};
constexpr Message kPathModifier{"HTTPPathModifier", Package::kGateway, "A change of the path.",
                                kPathModifierFields};

HITLESS_VALUES(kSchemes, "http", "https");
constexpr Field kRedirectFields[] = {
    str("scheme", "Scheme of the new URL; the request's if not set.").oneOf(kSchemes),
    str("hostname", "Host of the new URL; the request's if not set."),
    obj("path", kPathModifier, "Path of the new URL; the request's if not set."),
    i32("port",
        "Port of the new URL. If not set: that of the scheme, or without a scheme the listener's."),
    i32("statusCode", "301 or 302.").def("302"),
};
constexpr Message kRedirect{"HTTPRequestRedirectFilter", Package::kGateway,
                            "Sends clients to another URL.", kRedirectFields};

constexpr Field kRewriteFields[] = {
    str("hostname", "What the Host header becomes."),
    obj("path", kPathModifier, "A change of the path."),
};
constexpr Message kRewrite{"HTTPURLRewriteFilter", Package::kGateway,
                           "Changes a request before it goes on.", kRewriteFields};

HITLESS_VALUES(kFilterTypes, "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror",
               "RequestRedirect", "URLRewrite", "ExtensionRef");
constexpr Field kFilterFields[] = {
    str("type", "Which of the other fields is set.").require().oneOf(kFilterTypes),
    obj("requestHeaderModifier", kHeaderFilter, "Changes headers of the request."),
    obj("responseHeaderModifier", kHeaderFilter, "Changes headers of the response."),
    obj("requestMirror", kMirrorFilter, "Copies requests to another backend."),
    obj("requestRedirect", kRedirect, "Answers with a redirection."),
    obj("urlRewrite", kRewrite, "Changes a request before it goes on."),
    obj("extensionRef", kExtensionReference, "A filter that only some controllers know."),
};
constexpr Message kFilter{"HTTPRouteFilter", Package::kGateway,
                          "What happens to requests or responses on the way.", kFilterFields};

constexpr Field kBackendFields[] = {
    str("group", "Group of the object; empty is the core group.").def(""),
    str("kind", "Kind of the object; Service if not set.").def("Service"),
    str("name", "Name of the object.").require(),
    str("namespace",
        "Namespace of the object; the route's own if not set. Another one needs a ReferenceGrant "
        "there."),
    i32("port", "Port of the Service."),
    i32("weight", "Its share among all backends of the rule, 0 to 1000000.").def("1"),
    objs("filters", kFilter, "What happens to requests that go to this backend."),
};
constexpr Message kBackend{"HTTPBackendRef", Package::kGateway, "Who gets requests, and how many.",
                           kBackendFields};

constexpr Field kTimeoutFields[] = {
    str("request", "For the whole request, such as 10s; 0s: none."),
    str("backendRequest", "For one try to get an answer of a backend; at most request."),
};
constexpr Message kTimeouts{"HTTPRouteTimeouts", Package::kGateway, "How long requests may take.",
                            kTimeoutFields};

constexpr Field kRuleFields[] = {
    objs("matches", kMatch, "Which requests, any one of them; every one if not set."),
    objs("filters", kFilter, "What happens to requests and responses on the way."),
    objs("backendRefs", kBackend,
         "Who gets the requests, by weight. None, or one that does not exist: answered 500."),
    obj("timeouts", kTimeouts, "How long requests may take."),
};
constexpr Message kRule{"HTTPRouteRule", Package::kGateway, "What happens to some requests.",
                        kRuleFields};

constexpr Field kSpecFields[] = {
    objs("parentRefs", kParentReference, "Gateways that are to serve this route."),
    strs("hostnames",
         "Names that requests are for, such as www.example.com or *.example.com; without any those "
         "of the listener."),
    objs("rules", kRule, "What happens to which requests."),
};
constexpr Message kSpec{"HTTPRouteSpec", Package::kGateway, "Which requests go where.",
                        kSpecFields};

constexpr Field kHttpRouteFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "Which requests go where.").emitAlways(),
    obj("status", kRouteStatus, "How the parents see the route."),
};

}  // namespace

constinit const Message kHttpRoute{"HTTPRoute", Package::kGateway,
                                   "Leads HTTP requests from Gateways to Services.",
                                   kHttpRouteFields};

}  // namespace hitless::kube::schema
