#include "core/proxy/routing/route_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/proxy/routing/book_fixture.h"

namespace hitless::proxy::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kWeb = "outbound|80||web.default.svc.cluster.local";
const std::string kGrpc = "outbound|9090||web.default.svc.cluster.local";
const std::string kTwo = "rules: [{backendRefs: [{name: web, port: 80}, {name: web, port: 9090}]}]";

std::string endpoint(const std::string& ip, const std::string& conditions = "ready: true") {
  return "{addresses: [" + ip + "], conditions: {" + conditions + "}, nodeName: n1, " +
         "targetRef: {kind: Pod, name: pod-" + ip + ", namespace: default}}";
}

Upstream upstream(const std::string& ip, std::uint16_t port, bool ready = true) {
  return {{*IpAddress::parse(ip), port}, ready, "default/pod-" + ip, "n1"};
}

TEST(Clusters, ReadyOnesThenThoseThatTerminateAndNoOthers) {
  const Book book(
      gateway() + std::string(kService) + route(kTwo) +
      slice("[" + endpoint("10.0.0.2") + ", " +
            endpoint("10.0.0.1", "ready: false, serving: true, terminating: true") + ", " +
            endpoint("10.0.0.3", "ready: false, serving: false, terminating: true") + ", " +
            endpoint("10.0.0.4", "ready: false") + "]") +
      slice("[" + endpoint("10.0.0.2", "ready: false, serving: true, terminating: true") + ", " +
                endpoint("10.0.0.9") + "]",
            "web-2"));
  ASSERT_NE(book.cluster(kWeb), nullptr);
  EXPECT_EQ(book.cluster(kWeb)->protocol, UpstreamProtocol::kHttp1);
  EXPECT_THAT(book.cluster(kWeb)->upstreams,
              ElementsAre(upstream("10.0.0.1", 8080, false), upstream("10.0.0.2", 8080),
                          upstream("10.0.0.9", 8080)));
  EXPECT_EQ(book.cluster(kGrpc)->protocol, UpstreamProtocol::kHttp2);
  EXPECT_EQ(book.cluster(kGrpc)->upstreams.front(), upstream("10.0.0.1", 9091, false));
}

TEST(Clusters, AGrpcRouteSpeaksHttp2) {
  const Book book(gateway() + std::string(kService) +
                  route("rules: [{matches: [{method: {service: a.B, method: C}}], "
                        "backendRefs: [{name: web, port: 80}]}]",
                        "name: r", "GRPCRoute"));
  EXPECT_EQ(book.cluster(kWeb)->protocol, UpstreamProtocol::kHttp2);
  EXPECT_EQ(book.ask(80, "x", "/a.B/C"), "default/r/0");
  EXPECT_EQ(book.ask(80, "x", "/a.B/D"), "no rule");
}

TEST(Clusters, GrpcMethodsInOrderOfTheirService) {
  const auto rule = [](const std::string& method) {
    return "{matches: [{method: {" + method + "}}], backendRefs: [{name: web, port: 9090}]}";
  };
  const Book book(gateway() + std::string(kService) +
                  route("rules: [" + rule("method: C") + ", " + rule("service: a.B") + ", " +
                            rule("service: a.B, method: D") + ", " +
                            rule("type: RegularExpression, service: 'z[.].*'") +
                            ", {backendRefs: [{name: web, port: 9090}]}]",
                        "name: r", "GRPCRoute"));
  EXPECT_EQ(book.ask(80, "x", "/a.B/D"), "default/r/2");
  EXPECT_EQ(book.ask(80, "x", "/a.B/C"), "default/r/1");
  EXPECT_EQ(book.ask(80, "x", "/b.B/C"), "default/r/0");
  EXPECT_EQ(book.ask(80, "x", "/z.Y/E"), "default/r/3");
  EXPECT_EQ(book.ask(80, "x", "/b.B/E"), "default/r/4");
}

TEST(Clusters, UnknownApplicationProtocolsAreRefused) {
  Book book(gateway() + route("rules: [{backendRefs: [{name: web, port: 80}]}]") + R"(
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80, appProtocol: https}]}
)");
  EXPECT_EQ(book.routeReason("ResolvedRefs"), "!UnsupportedProtocol");
  book.add(R"(
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80, appProtocol: kubernetes.io/ws}]}
)");
  EXPECT_EQ(book.routeReason("ResolvedRefs"), "ResolvedRefs");
  EXPECT_EQ(book.cluster(kWeb)->protocol, UpstreamProtocol::kHttp1);
}

TEST(RouteBook, EndpointsReplaceTheirClusterOnly) {
  Book book(gateway() + std::string(kService) + route(kTwo) + slice("[]"));
  const auto before = book.book.table();
  const RouteBook::News news = book.add(slice("[" + endpoint("10.0.0.1") + "]"));
  EXPECT_TRUE(news.table);
  EXPECT_FALSE(news.statuses);
  EXPECT_EQ(book.book.table()->listeners, before->listeners);
  EXPECT_NE(book.book.table()->clusters.at(kWeb), before->clusters.at(kWeb));
  EXPECT_THAT(before->clusters.at(kWeb)->upstreams, IsEmpty()) << "tables in use do not change";
  const RouteBook::News same = book.add(slice("[" + endpoint("10.0.0.1") + "]"));
  EXPECT_FALSE(same.table || same.statuses);
}

TEST(RouteBook, WhatIsEqualIsShared) {
  Book book(gateway("[{name: a, port: 80, protocol: HTTP}, {name: b, port: 81, protocol: HTTP}]") +
            std::string(kService) + route(kTwo, "name: r", "HTTPRoute", "[{name: g, port: 80}]"));
  const auto before = book.book.table();
  book.add(route("rules: [{backendRefs: [{name: web, port: 80}]}]", "name: s", "HTTPRoute",
                 "[{name: g, port: 81}]"));
  EXPECT_EQ(book.book.table()->listeners[0], before->listeners[0]);
  EXPECT_NE(book.book.table()->listeners[1], before->listeners[1]);
  EXPECT_EQ(book.book.table()->clusters, before->clusters);
}

TEST(RouteBook, AStatusOfTheGatewaysOwnHandChangesNoTable) {
  Book book(gateway() + std::string(kService) + route(kTwo));
  const RouteBook::News news = book.add(route(kTwo, "name: r, resourceVersion: '77'"));
  EXPECT_FALSE(news.table);
  EXPECT_TRUE(news.statuses) << "what is live is compared again";
  EXPECT_EQ(kube::text(*book.book.live(kube::res::kHttpRoutes, {"default", "r"}),
                       {"metadata", "resourceVersion"}),
            "77");
}

TEST(RouteBook, AServiceThatNoRuleNamesChangesNothing) {
  Book book(gateway() + route(kTwo));
  EXPECT_EQ(book.routeReason("ResolvedRefs"), "!BackendNotFound");
  const RouteBook::News news = book.add(
      "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {ports: [{port: 80}]}");
  EXPECT_FALSE(news.table || news.statuses);
  EXPECT_TRUE(book.add(kService).table);
  EXPECT_EQ(book.routeReason("ResolvedRefs"), "ResolvedRefs");
  EXPECT_TRUE(book.remove(kService).table);
  EXPECT_EQ(book.routeReason("ResolvedRefs"), "!BackendNotFound");
  EXPECT_EQ(book.cluster(kWeb), nullptr);
}

TEST(RouteBook, InvalidBackendsKeepTheirWeight) {
  const Book book(gateway() + std::string(kService) +
                  route("rules: [{backendRefs: [{name: web, port: 80, weight: 1}, "
                        "{name: gone, port: 80, weight: 3}, {name: web, port: 80, weight: 0}]}]"));
  RequestHead head;
  head.path = "/";
  const RouteRule& rule = *book.at(80)->match(head).rule;
  EXPECT_THAT(rule.backends, ElementsAre(WeightedCluster{.cluster = kWeb, .weight = 1},
                                         WeightedCluster{.cluster = "", .weight = 3},
                                         WeightedCluster{.cluster = kWeb, .weight = 0}));
}

TEST(RouteBook, TimeoutsEditsRewritesAndRedirects) {
  const Book book(
      gateway() + std::string(kService) +
      route(
          "rules: [{timeouts: {request: 10s, backendRequest: 500ms}, "
          "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, "
          "value: "
          "'1'}], remove: [X-B]}}, {type: ResponseHeaderModifier, responseHeaderModifier: {add: "
          "[{name: X-C, value: '2'}]}}, {type: URLRewrite, urlRewrite: {hostname: b.io, path: "
          "{type: "
          "ReplacePrefixMatch, replacePrefixMatch: /v2}}}], backendRefs: [{name: web, port: 80, "
          "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: D, value: "
          "'3'}]}}]}]}, {matches: [{path: {value: /old}}], filters: [{type: RequestRedirect, "
          "requestRedirect: {scheme: https, statusCode: 301}}]}]"));
  RequestHead head;
  head.path = "/";
  const RouteRule& rule = *book.at(80)->match(head).rule;
  EXPECT_EQ(rule.timeout, seconds(10));
  EXPECT_EQ(rule.attemptTimeout, std::chrono::milliseconds(500));
  EXPECT_EQ(rule.requestEdits, (FieldEdits{.set = {{"x-a", "1"}}, .remove = {"x-b"}}));
  EXPECT_EQ(rule.responseEdits, (FieldEdits{.add = {{"x-c", "2"}}}));
  EXPECT_EQ(rule.rewrite, (Rewrite{"b.io", PathEdit{true, "/v2"}}));
  EXPECT_EQ(rule.backends.front().requestEdits, (FieldEdits{.add = {{"d", "3"}}}));
  head.path = "/old";
  EXPECT_EQ(book.at(80)->match(head).rule->redirect, (Redirect{.scheme = "https", .status = 301}));
}

/// What two tables say, whatever they share.
void expectSame(const RouteBook& a, const RouteBook& b) {
  RC_ASSERT(a.table()->listeners.size() == b.table()->listeners.size());
  for (std::size_t i = 0; i < a.table()->listeners.size(); ++i) {
    RC_ASSERT(a.table()->listeners[i]->listener() == b.table()->listeners[i]->listener());
  }
  RC_ASSERT(a.table()->clusters.size() == b.table()->clusters.size());
  for (const auto& [name, cluster] : a.table()->clusters) {
    RC_ASSERT(b.table()->clusters.contains(name));
    RC_ASSERT(*cluster == *b.table()->clusters.at(name));
  }
  RC_ASSERT(a.statuses() == b.statuses());
  RC_ASSERT(a.warnings() == b.warnings());
}

/// Manifests that get in each other's way: names repeat.
const std::vector<std::string>& manifests() {
  static const std::vector<std::string> kAll = {
      std::string(kClass),
      gateway(),
      gateway("[{name: http, port: 80, protocol: HTTP, hostname: '*.io'}]"),
      gateway("[{name: http, port: 81, protocol: HTTP}]", "name: h"),
      route(kTwo),
      route("hostnames: [a.io], " + kTwo),
      route("rules: [{backendRefs: [{name: web, port: 81}]}]", "name: s"),
      route(kTwo, "name: s", "GRPCRoute", "[{name: h}]"),
      std::string(kService),
      "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 81, name: "
      "http}]}",
      "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {ports: [{port: 81}]}",
      slice("[]"),
      slice("[" + endpoint("10.0.0.1") + "]"),
      slice("[" + endpoint("10.0.0.1", "ready: false, serving: true, terminating: true") + "]"),
      slice("[" + endpoint("10.0.0.2") + "]", "web-2"),
      "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: hitless}\nspec: "
      "{controller: hitless.io/gateway}",
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: "
      "{ingressClassName: hitless, defaultBackend: {service: {name: web, port: {name: http}}}}",
  };
  return kAll;
}

RC_GTEST_PROP(RouteBook, AfterAnyHistoryEqualsAFreshOne, ()) {
  using Key = std::pair<const kube::Resource*, ObjectName>;
  RouteBook old;
  std::map<Key, kube::ObjectPtr> objects;
  const auto steps = *rc::gen::container<std::vector<std::pair<std::size_t, int>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, manifests().size()), rc::gen::inRange(0, 6)));
  for (const auto& [index, action] : steps) {
    for (auto& [resource, object] : parsed(manifests()[index])) {
      const Key key{resource, metaFrom(*object).name};
      watch::Update update{watch::Update::Kind::kIncremental, {}, 1};
      if (action == 0) {
        objects.erase(key);
        update.changes = {{watch::ChangeType::kDelete, object}};
      } else {
        objects[key] = object;
        update.changes = {{watch::ChangeType::kUpsert, object}};
      }
      if (action == 1) {
        update = {watch::Update::Kind::kFull, {}, 1};
        for (const auto& [other, value] : objects) {
          if (other.first == resource) {
            update.changes.push_back({watch::ChangeType::kUpsert, value});
          }
        }
      }
      old.apply(*resource, update);
    }
    if (action > 2) {
      old.update();
    }
  }
  old.update();
  RouteBook fresh;
  for (const auto& [key, object] : objects) {
    fresh.apply(*key.first,
                {watch::Update::Kind::kIncremental, {{watch::ChangeType::kUpsert, object}}, 1});
  }
  fresh.update();
  expectSame(old, fresh);
}

}  // namespace
}  // namespace hitless::proxy::routing
