#include "core/proxy/routing/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/proxy/routing/book_fixture.h"
#include "core/proxy/routing/hostnames.h"

namespace hitless::proxy::routing {
namespace {

const std::string kWeb = "outbound|80||web.default.svc.cluster.local";
const std::string kBackend = "backendRefs: [{name: web, port: 80}]";

std::string all(const std::string& gateways, const std::string& routes) {
  return gateways + std::string(kService) + routes;
}

std::string rules(const std::string& matches) {
  return "rules: [{matches: [" + matches + "], " + kBackend + "}]";
}

struct OrderCase {
  std::string name;
  std::string better;  ///< Matches of routes that both fit the request.
  std::string worse;
  std::string path = "/a/b?x=1&y=2";
};

class Precedence : public ::testing::TestWithParam<OrderCase> {};

// Whatever their names and ages.
TEST_P(Precedence, OfMatchesIsAsHttpRouteSays) {
  RequestHead head;
  head.method = "GET";
  head.path = GetParam().path;
  head.authority = "a.io";
  head.fields = {{"one", "1"}, {"two", "2"}};
  const Book first(all(gateway(), route(rules(GetParam().better), "name: a") +
                                      route(rules(GetParam().worse), "name: b")));
  EXPECT_EQ(first.ask(80, head), "default/a/0");
  const Book second(all(gateway(), route(rules(GetParam().worse), "name: a") +
                                       route(rules(GetParam().better), "name: b")));
  EXPECT_EQ(second.ask(80, head), "default/b/0");
  const Book alone(all(gateway(), route(rules(GetParam().worse), "name: a")));
  EXPECT_EQ(alone.ask(80, head), "default/a/0") << "the other one does not even fit";
}

const std::string kHeader1 = "headers: [{name: One, value: '1'}]";
const std::string kHeader2 = "headers: [{name: one, value: '1'}, {name: two, value: '2'}]";
const std::string kQuery1 = "queryParams: [{name: x, value: '1'}]";
const std::string kQuery2 = "queryParams: [{name: x, value: '1'}, {name: y, value: '2'}]";
const std::string kPrefixA = "path: {value: /a}";

INSTANTIATE_TEST_SUITE_P(
    Table, Precedence,
    ::testing::Values(
        OrderCase{"exact path", "{path: {type: Exact, value: /a/b}}", "{path: {value: /a/b}}"},
        OrderCase{"exact before method", "{path: {type: Exact, value: /a/b}}",
                  "{path: {value: /a/b}, method: GET}"},
        OrderCase{"exact before headers", "{path: {type: Exact, value: /a/b}}",
                  "{path: {value: /a/b}, " + kHeader2 + "}"},
        OrderCase{"exact before regex", "{path: {type: Exact, value: /a/b}}",
                  "{path: {type: RegularExpression, value: /a/.*}}"},
        OrderCase{"regex before prefix", "{path: {type: RegularExpression, value: /a/.*}}",
                  "{path: {value: /a/b}}"},
        OrderCase{"longest prefix", "{path: {value: /a/b}}", "{path: {value: /a}}"},
        OrderCase{"longer than all", "{path: {value: /a}}", "{}"},
        OrderCase{"prefix before method", "{path: {value: /a/b}}",
                  "{" + kPrefixA + ", method: GET}"},
        OrderCase{"prefix before headers", "{path: {value: /a/b}}",
                  "{" + kPrefixA + ", " + kHeader2 + "}"},
        OrderCase{"prefix before query", "{path: {value: /a/b}}",
                  "{" + kPrefixA + ", " + kQuery2 + "}"},
        OrderCase{"method", "{method: GET}", "{}"},
        OrderCase{"method before headers", "{method: GET}", "{" + kHeader2 + "}"},
        OrderCase{"method before query", "{method: GET}", "{" + kQuery2 + "}"},
        OrderCase{"most headers", "{" + kHeader2 + "}", "{" + kHeader1 + "}"},
        OrderCase{"one header", "{" + kHeader1 + "}", "{}"},
        OrderCase{"headers before query", "{" + kHeader1 + "}", "{" + kQuery2 + "}"},
        OrderCase{"most parameters", "{" + kQuery2 + "}", "{" + kQuery1 + "}"},
        OrderCase{"one parameter", "{" + kQuery1 + "}", "{}"},
        OrderCase{"same prefix with slash, then method", "{path: {value: /a/}, method: GET}",
                  "{path: {value: /a}}"}),
    [](const auto& test) {
      std::string name = test.param.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return c == ' ' || c == ','; }, '_');
      return name;
    });

TEST(Ties, TheOldestThenTheNameThenTheOrderInTheRoute) {
  const std::string old = "creationTimestamp: '2026-01-01T00:00:00Z'";
  const std::string young = "creationTimestamp: '2026-02-01T00:00:00Z'";
  EXPECT_EQ(Book(all(gateway(), route(rules("{}"), "name: a, " + young) +
                                    route(rules("{}"), "name: b, " + old)))
                .ask(80, "x", "/"),
            "default/b/0");
  EXPECT_EQ(Book(all(gateway(),
                     route(rules("{}"), "name: b, " + old) + route(rules("{}"), "name: a, " + old)))
                .ask(80, "x", "/"),
            "default/a/0");
  EXPECT_EQ(Book(all(gateway(), route("rules: [{" + kBackend + "}, {" + kBackend + "}]")))
                .ask(80, "x", "/"),
            "default/r/0");
}

TEST(Precedence, EachMatchOfARuleStandsForItself) {
  const Book book(
      all(gateway(), route("rules: [{matches: [{path: {type: Exact, value: /x}}, {}], " + kBackend +
                           "}, {matches: [{path: {value: /x}}], " + kBackend + "}]")));
  EXPECT_EQ(book.ask(80, "a", "/x"), "default/r/0");
  EXPECT_EQ(book.ask(80, "a", "/x/y"), "default/r/1");
  EXPECT_EQ(book.ask(80, "a", "/y"), "default/r/0");
}

TEST(Hostnames, MoreSpecificOnesComeFirstAndWiderOnesAreAskedNext) {
  const Book book(all(
      gateway(), route("hostnames: [a.io], " + rules("{path: {value: /a}}"), "name: a") +
                     route("hostnames: ['*.io'], " + rules("{path: {value: /a/b}}"), "name: io") +
                     route(rules("{}"), "name: any")));
  EXPECT_EQ(book.ask(80, "a.io", "/a/b"), "default/a/0");
  EXPECT_EQ(book.ask(80, "b.io", "/a/b"), "default/io/0");
  EXPECT_EQ(book.ask(80, "a.io", "/c"), "default/any/0");
  EXPECT_EQ(book.ask(80, "b.io", "/c"), "default/any/0");
  EXPECT_EQ(book.ask(80, "b.com", "/a/b"), "default/any/0");
}

TEST(Hostnames, AListenerIsNotAnsweredForByAWiderOne) {
  const Book book(
      all(gateway("[{name: any, port: 80, protocol: HTTP}, "
                  "{name: io, port: 80, protocol: HTTP, hostname: '*.io'}]"),
          route(rules("{}"), "name: any", "HTTPRoute", "[{name: g, sectionName: any}]") +
              route("hostnames: [a.io], " + rules("{path: {value: /a}}"), "name: io", "HTTPRoute",
                    "[{name: g, sectionName: io}]")));
  EXPECT_EQ(book.ask(80, "a.io", "/a"), "default/io/0");
  EXPECT_EQ(book.ask(80, "a.io", "/b"), "no rule");
  EXPECT_EQ(book.ask(80, "b.io", "/b"), "no rule");
  EXPECT_EQ(book.ask(80, "b.com", "/b"), "default/any/0");
}

struct IntersectionCase {
  std::string listener;
  std::string route;
  std::string expected;  ///< "-": nothing.
};

class Intersections : public ::testing::TestWithParam<IntersectionCase> {};

TEST_P(Intersections, OfListenerAndRoute) {
  EXPECT_EQ(intersection(GetParam().listener, GetParam().route).value_or("-"), GetParam().expected);
  EXPECT_EQ(intersection(GetParam().route, GetParam().listener).value_or("-"), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Intersections,
    ::testing::Values(
        IntersectionCase{"", "", "*"}, IntersectionCase{"", "a.io", "a.io"},
        IntersectionCase{"", "*.io", "*.io"}, IntersectionCase{"a.io", "a.io", "a.io"},
        IntersectionCase{"a.io", "b.io", "-"}, IntersectionCase{"*.io", "a.io", "a.io"},
        IntersectionCase{"*.io", "b.a.io", "b.a.io"}, IntersectionCase{"*.io", "io", "-"},
        IntersectionCase{"*.a.io", "a.io", "-"}, IntersectionCase{"*.a.io", "*.io", "*.a.io"},
        IntersectionCase{"*.a.io", "*.b.io", "-"}, IntersectionCase{"*.io", "*.io", "*.io"},
        IntersectionCase{"*.oo.io", "foo.io", "-"}));

struct ConditionCase {
  std::string name;
  std::string listeners;
  std::string spec;
  std::string accepted;
  std::string resolved;
  std::string parents = "[{name: g}]";
};

class RouteConditions : public ::testing::TestWithParam<ConditionCase> {};

TEST_P(RouteConditions, SayWhy) {
  const ConditionCase& param = GetParam();
  const Book book(
      all(gateway(param.listeners), route(param.spec, "name: r", "HTTPRoute", param.parents)));
  EXPECT_EQ(book.routeReason("Accepted"), param.accepted);
  EXPECT_EQ(book.routeReason("ResolvedRefs"), param.resolved);
}

const std::string kHttp = "[{name: http, port: 80, protocol: HTTP}]";
const std::string kIo = "[{name: http, port: 80, protocol: HTTP, hostname: '*.io'}]";
const std::string kOneRule = "rules: [{" + kBackend + "}]";

std::string backend(const std::string& ref) {
  return "rules: [{backendRefs: [{" + ref + "}]}]";
}
std::string filter(const std::string& filter) {
  return "rules: [{filters: [{" + filter + "}], " + kBackend + "}]";
}

INSTANTIATE_TEST_SUITE_P(
    Table, RouteConditions,
    ::testing::Values(
        ConditionCase{"good", kHttp, kOneRule, "Accepted", "ResolvedRefs"},
        ConditionCase{"no such section", kHttp, kOneRule, "!NoMatchingParent", "ResolvedRefs",
                      "[{name: g, sectionName: https}]"},
        ConditionCase{"no such port", kHttp, kOneRule, "!NoMatchingParent", "ResolvedRefs",
                      "[{name: g, port: 81}]"},
        ConditionCase{"that port", kHttp, kOneRule, "Accepted", "ResolvedRefs",
                      "[{name: g, port: 80}]"},
        ConditionCase{"kind not allowed",
                      "[{name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: "
                      "GRPCRoute}]}}]",
                      kOneRule, "!NotAllowedByListeners", "ResolvedRefs"},
        ConditionCase{"protocol without routes", "[{name: tcp, port: 80, protocol: TCP}]", kOneRule,
                      "!NotAllowedByListeners", "ResolvedRefs"},
        ConditionCase{"no hostname", kIo, "hostnames: [a.com], " + kOneRule,
                      "!NoMatchingListenerHostname", "ResolvedRefs"},
        ConditionCase{"a hostname", kIo, "hostnames: [a.com, a.io], " + kOneRule, "Accepted",
                      "ResolvedRefs"},
        ConditionCase{"no Service", kHttp, backend("name: gone, port: 80"), "Accepted",
                      "!BackendNotFound"},
        ConditionCase{"no port", kHttp, backend("name: web, port: 81"), "Accepted",
                      "!BackendNotFound"},
        ConditionCase{"other kind", kHttp, backend("group: a.io, kind: Bucket, name: web"),
                      "Accepted", "!InvalidKind"},
        ConditionCase{"other namespace", kHttp, backend("name: web, namespace: b, port: 80"),
                      "Accepted", "!RefNotPermitted"},
        ConditionCase{"mirror", kHttp,
                      filter("type: RequestMirror, requestMirror: {backendRef: {name: web}}"),
                      "!UnsupportedValue", "ResolvedRefs"},
        ConditionCase{"extension", kHttp,
                      filter("type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}"),
                      "!UnsupportedValue", "ResolvedRefs"},
        ConditionCase{"bad regex", kHttp, rules("{path: {type: RegularExpression, value: '/(a'}}"),
                      "!UnsupportedValue", "ResolvedRefs"},
        ConditionCase{"look-ahead", kHttp,
                      rules("{headers: [{name: a, type: RegularExpression, value: '(?=a)'}]}"),
                      "!UnsupportedValue", "ResolvedRefs"},
        ConditionCase{"line break", kHttp,
                      filter("type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, "
                             "value: \"b\\r\\nc\"}]}"),
                      "!UnsupportedValue", "ResolvedRefs"},
        ConditionCase{"filter of a backend", kHttp,
                      backend("name: web, port: 80, filters: [{type: URLRewrite, urlRewrite: "
                              "{hostname: a}}]"),
                      "!UnsupportedValue", "ResolvedRefs"}),
    [](const auto& test) {
      std::string name = test.param.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
      return name;
    });

TEST(RouteConditions, OnlyOfGatewaysThatAreOurs) {
  Book book(all(gateway(), route(kOneRule, "name: r", "HTTPRoute", "[{name: other}]")));
  EXPECT_EQ(book.routeReason("Accepted"), "no parent");
  book.add(route(kOneRule, "name: r", "HTTPRoute", "[{name: g, kind: Service, group: ''}]"));
  EXPECT_EQ(book.routeReason("Accepted"), "no parent");
  EXPECT_TRUE(book.book.statuses().contains({&kube::res::kHttpRoutes, {"default", "r"}}));
}

TEST(RouteConditions, NamespacesAreAllowedBySameAllOrLabels) {
  const std::string foreign =
      route(kOneRule, "name: r, namespace: b", "HTTPRoute", "[{name: g, namespace: default}]");
  const auto accepted = [&](const std::string& namespaces) {
    Book book(gateway("[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {" +
                      namespaces + "}}}]") +
              foreign +
              "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b, labels: {a: b}}\n");
    return Book::reason(book.status(kube::res::kHttpRoutes, "r", "b").parents.front().conditions,
                        "Accepted");
  };
  EXPECT_EQ(accepted("from: Same"), "!NotAllowedByListeners");
  EXPECT_EQ(accepted("from: All"), "Accepted");
  EXPECT_EQ(accepted("from: Selector, selector: {matchLabels: {a: b}}"), "Accepted");
  EXPECT_EQ(accepted("from: Selector, selector: {matchLabels: {a: c}}"), "!NotAllowedByListeners");
}

TEST(RouteConditions, AGrantOpensAnotherNamespace) {
  Book book(gateway() + route(backend("name: web, namespace: b, port: 80")) + R"(
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: b}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: x, namespace: b}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}],
       to: [{group: '', kind: Service, name: other}]}
)");
  EXPECT_EQ(book.routeReason("ResolvedRefs"), "!RefNotPermitted");
  book.add(R"(
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: x, namespace: b}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}],
       to: [{group: '', kind: Service}]}
)");
  EXPECT_EQ(book.routeReason("ResolvedRefs"), "ResolvedRefs");
  EXPECT_NE(book.cluster("outbound|80||web.b.svc.cluster.local"), nullptr);
}

TEST(RouteConditions, ARuleThatIsNotUnderstoodAnswers500AndTheOthersStay) {
  const Book book(
      all(gateway(), route("rules: [{matches: [{path: {value: /m}}], filters: [{type: "
                           "RequestMirror, requestMirror: {backendRef: {name: web}}}], " +
                           kBackend + "}, {" + kBackend + "}]")));
  EXPECT_EQ(book.routeReason("Accepted"), "Accepted");
  EXPECT_EQ(book.routeReason("PartiallyInvalid"), "UnsupportedValue");
  EXPECT_EQ(book.ask(80, "a", "/m"), "default/r/0");
  RequestHead head;
  head.path = "/m";
  EXPECT_TRUE(book.at(80)->match(head).rule->backends.empty());
  EXPECT_EQ(book.ask(80, "a", "/n"), "default/r/1");
}

TEST(ListenerConditions, ProtocolsAndCertificates) {
  const Book book(
      gateway("[{name: a, port: 80, protocol: HTTP}, "
              "{name: b, port: 443, protocol: HTTPS, "
              "tls: {certificateRefs: [{name: gone}]}}, "
              "{name: c, port: 443, protocol: HTTPS, hostname: a.io, "
              "tls: {certificateRefs: [{name: s, namespace: b}]}}, "
              "{name: d, port: 90, protocol: UDP}, "
              "{name: e, port: 80, protocol: HTTPS, hostname: b.io, "
              "tls: {certificateRefs: [{name: s}]}}, "
              "{name: f, port: 81, protocol: HTTP, "
              "allowedRoutes: {kinds: [{kind: TCPRoute}]}}]"));
  EXPECT_EQ(book.listenerReason("Accepted", 0), "Accepted");
  EXPECT_EQ(book.listenerReason("Programmed", 0), "Programmed");
  EXPECT_EQ(book.listenerReason("ResolvedRefs", 0), "ResolvedRefs");
  EXPECT_EQ(book.listenerReason("Conflicted", 0), "!NoConflicts");
  EXPECT_EQ(book.listenerReason("ResolvedRefs", 1), "!InvalidCertificateRef");
  EXPECT_EQ(book.listenerReason("Programmed", 1), "!Invalid");
  EXPECT_EQ(book.listenerReason("ResolvedRefs", 2), "!RefNotPermitted");
  EXPECT_EQ(book.listenerReason("Accepted", 3), "!UnsupportedProtocol");
  EXPECT_EQ(book.listenerReason("Conflicted", 4), "ProtocolConflict");
  EXPECT_EQ(book.listenerReason("ResolvedRefs", 5), "!InvalidRouteKinds");
  const ObjectStatus& status = book.status(kube::res::kGateways, "g");
  EXPECT_EQ(Book::reason(status.conditions, "Accepted"), "ListenersNotValid");
  EXPECT_EQ(Book::reason(status.conditions, "Programmed"), "Programmed");
  EXPECT_EQ(book.book.table()->listeners.size(), 1U);
}

TEST(ListenerConditions, AGatewayWithoutAValidListenerIsNotAccepted) {
  const Book book(gateway("[{name: d, port: 90, protocol: UDP}]"));
  const ObjectStatus& status = book.status(kube::res::kGateways, "g");
  EXPECT_EQ(Book::reason(status.conditions, "Accepted"), "!ListenersNotValid");
  EXPECT_EQ(Book::reason(status.conditions, "Programmed"), "!Invalid");
}

TEST(ListenerConditions, RoutesAreCountedOnceEach) {
  const Book book(
      all(gateway("[{name: a, port: 80, protocol: HTTP}, {name: b, port: 81, protocol: HTTP}]"),
          route(kOneRule, "name: one", "HTTPRoute",
                "[{name: g, sectionName: a}, {name: g, sectionName: b}, {name: g, port: 80}]") +
              route("", "name: two", "GRPCRoute", "[{name: g, sectionName: a}]") +
              route("hostnames: [x.io], " + kOneRule, "name: three", "HTTPRoute",
                    "[{name: g, sectionName: c}]")));
  const auto& listeners = book.status(kube::res::kGateways, "g").listeners;
  ASSERT_EQ(listeners.size(), 2U);
  EXPECT_EQ(listeners[0].attachedRoutes, 2);
  EXPECT_EQ(listeners[1].attachedRoutes, 1);
}

TEST(GatewayClasses, OthersAreLeftAloneAndParametersRefused) {
  Book book(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: other}
spec: {controllerName: example.com/gateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: tuned}
spec: {controllerName: hitless.io/gateway, parametersRef: {group: a.io, kind: B, name: c}}
)");
  EXPECT_FALSE(book.book.statuses().contains({&kube::res::kGatewayClasses, {"", "other"}}));
  EXPECT_EQ(Book::reason(book.status(kube::res::kGatewayClasses, "tuned").conditions, "Accepted"),
            "!InvalidParameters");
  book.add(gateway());
  EXPECT_EQ(Book::reason(book.status(kube::res::kGatewayClasses, "hitless").conditions, "Accepted"),
            "Accepted");
}

}  // namespace
}  // namespace hitless::proxy::routing
