#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "core/kube/defaulting.h"
#include "core/kube/yaml.h"
#include "core/proxy/routing/route_book.h"
#include "core/proxy/routing/routes.h"

/// A RouteBook that is fed with manifests, for tests.
namespace hitless::proxy::routing {

/// What a manifest holds, with the API server's defaults; as old as its place in the text, if it
/// has no creationTimestamp.
inline std::vector<std::pair<const kube::Resource*, kube::ObjectPtr>> parsed(
    std::string_view manifest) {
  std::vector<std::pair<const kube::Resource*, kube::ObjectPtr>> out;
  auto documents = kube::parseYaml(manifest, "test.yaml");
  EXPECT_TRUE(documents.has_value()) << (documents ? "" : documents.error().text());
  for (kube::YamlDocument& document : *documents) {
    kube::json::object object = document.value.as_object();
    const kube::Resource* resource =
        kube::findKind(kube::text(object, {"apiVersion"}), kube::text(object, {"kind"}));
    EXPECT_NE(resource, nullptr) << kube::json::serialize(object);
    kube::json::object& meta = kube::ensureObject(object, {"metadata"});
    if (resource->namespaced && !meta.contains("namespace")) {
      meta["namespace"] = "default";
    }
    meta.emplace("generation", 1);
    kube::applyDefaults(*resource, object);
    out.emplace_back(resource, std::make_shared<const kube::json::object>(std::move(object)));
  }
  return out;
}

class Book {
 public:
  Book() {
    for (const RouteKindSource& kind : routeKinds()) {
      book.apply(*kind.resource, {watch::Update::Kind::kFull, {}, 1});
    }
    book.update();
  }
  explicit Book(std::string_view manifest) : Book() { add(manifest); }

  RouteBook::News add(std::string_view manifest) {
    return change(manifest, watch::ChangeType::kUpsert);
  }
  RouteBook::News remove(std::string_view manifest) {
    return change(manifest, watch::ChangeType::kDelete);
  }

  const Routes* at(std::uint16_t port) const {
    for (const auto& routes : book.table()->listeners) {
      if (routes->listener().port == port) {
        return routes.get();
      }
    }
    return nullptr;
  }

  /// The rule's name, or "404" with "no listener", "no host".
  std::string ask(std::uint16_t port, const RequestHead& head) const {
    const Routes* routes = at(port);
    if (routes == nullptr) {
      return "no listener";
    }
    const Match match = routes->match(head);
    return match.host == nullptr ? "no host" : match.rule == nullptr ? "no rule" : match.rule->name;
  }
  std::string ask(std::uint16_t port, std::string authority, std::string path) const {
    RequestHead head;
    head.method = "GET";
    head.authority = std::move(authority);
    head.path = std::move(path);
    return ask(port, head);
  }

  const Cluster* cluster(const std::string& name) const {
    const auto it = book.table()->clusters.find(name);
    return it == book.table()->clusters.end() ? nullptr : it->second.get();
  }

  const ObjectStatus& status(const kube::Resource& resource, const std::string& name,
                             const std::string& ns = "default") const {
    static const ObjectStatus kNone;
    const auto it = book.statuses().find({&resource, {resource.namespaced ? ns : "", name}});
    return it == book.statuses().end() ? kNone : it->second;
  }

  /// "Reason" of a condition that holds, "!Reason" of one that does not, "" if there is none.
  static std::string reason(const std::vector<Condition>& conditions, std::string_view type) {
    const auto it = std::find_if(conditions.begin(), conditions.end(),
                                 [&](const Condition& item) { return item.type == type; });
    return it == conditions.end() ? "" : (it->holds ? "" : "!") + it->reason;
  }
  /// Of a route's first parent.
  std::string routeReason(std::string_view type, const std::string& name = "r",
                          const kube::Resource& resource = kube::res::kHttpRoutes) const {
    const auto& parents = status(resource, name).parents;
    return parents.empty() ? "no parent" : reason(parents.front().conditions, type);
  }
  std::string listenerReason(std::string_view type, std::size_t index = 0,
                             const std::string& gateway = "g") const {
    const auto& listeners = status(kube::res::kGateways, gateway).listeners;
    return index < listeners.size() ? reason(listeners[index].conditions, type) : "no listener";
  }

  RouteBook book;

 private:
  RouteBook::News change(std::string_view manifest, watch::ChangeType type) {
    for (auto& [resource, object] : parsed(manifest)) {
      book.apply(*resource, {watch::Update::Kind::kIncremental, {{type, std::move(object)}}, 2});
    }
    return book.update();
  }
};

inline constexpr std::string_view kClass = R"(
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: hitless}
spec: {controllerName: hitless.io/gateway}
)";

/// A Gateway g of our class with these listeners (a YAML flow list).
inline std::string gateway(
    const std::string& listeners = "[{name: http, port: 80, protocol: HTTP}]",
    const std::string& meta = "name: g") {
  return std::string(kClass) + R"(
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {)" +
         meta + R"(}
spec: {gatewayClassName: hitless, listeners: )" +
         listeners + "}\n";
}

/// A route of Gateway g; `spec` continues its spec.
inline std::string route(const std::string& spec, const std::string& meta = "name: r",
                         const std::string& kind = "HTTPRoute",
                         const std::string& parents = "[{name: g}]") {
  return R"(
---
apiVersion: gateway.networking.k8s.io/v1
kind: )" +
         kind + "\nmetadata: {" + meta + "}\nspec: {parentRefs: " + parents +
         (spec.empty() ? "" : ", ") + spec + "}\n";
}

/// Service web with port 80 named http, and 9090 named grpc.
inline constexpr std::string_view kService = R"(
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.9
  clusterIPs: [10.96.0.9]
  ipFamilies: [IPv4]
  ports: [{name: http, port: 80}, {name: grpc, port: 9090, appProtocol: kubernetes.io/h2c}]
)";

inline std::string slice(const std::string& endpoints, const std::string& name = "web-1") {
  return R"(
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: )" +
         name + R"(, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}, {name: grpc, port: 9091}]
endpoints: )" +
         endpoints + "\n";
}

}  // namespace hitless::proxy::routing
