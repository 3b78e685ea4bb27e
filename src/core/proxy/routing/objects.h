#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/kube/objects.h"
#include "core/proxy/route_table.h"
#include "core/service/snapshot.h"

/// Of the objects that routes are made from what matters for them, comparable by value: what is not
/// in here (statuses, resourceVersions) changes no table.
namespace hitless::proxy::routing {

/// Of any kind; no namespace for cluster-scoped ones.
using ObjectName = service::ServiceName;

struct Meta {
  ObjectName name;
  std::int64_t generation = 0;
  WallTime created{};
  bool operator==(const Meta&) const = default;
};

struct GatewayClass {
  Meta meta;
  std::string controller;
  bool hasParameters = false;
  bool operator==(const GatewayClass&) const = default;
};

/// What a reference points at.
struct Reference {
  std::string group;
  std::string kind;
  ObjectName name;
  bool operator==(const Reference&) const = default;
};

struct RouteKind {
  std::string group;
  std::string kind;
  bool operator==(const RouteKind&) const = default;
};

struct GatewayListener {
  std::string name;
  std::string hostname;  ///< Lower case; empty: all.
  std::uint16_t port = 0;
  std::string protocol;
  std::string tlsMode;  ///< Empty: no TLS.
  std::vector<Reference> certificates;
  std::string from = "Same";
  kube::LabelSelector selector;
  std::vector<RouteKind> kinds;  ///< Empty: those of the protocol.
  bool operator==(const GatewayListener&) const = default;
};

struct Gateway {
  Meta meta;
  std::string className;
  std::vector<GatewayListener> listeners;
  bool operator==(const Gateway&) const = default;
};

struct ParentRef {
  std::string group;
  std::string kind;
  std::string ns;  ///< As written; empty: the route's own.
  std::string name;
  std::string section;
  std::optional<std::uint16_t> port;
  bool operator==(const ParentRef&) const = default;
};

struct BackendRef {
  Reference target;
  std::optional<std::uint16_t> port;
  std::string portName;  ///< Instead of port (Ingress).
  std::uint32_t weight = 1;
  FieldEdits requestEdits;
  FieldEdits responseEdits;
  bool operator==(const BackendRef&) const = default;
};

/// A rule whose backends have not been looked up yet.
struct DraftRule {
  RouteRule rule;  ///< Without backends.
  std::vector<BackendRef> backends;
  std::string unsupported;  ///< What of it is not understood; such a rule answers 500.
  bool operator==(const DraftRule&) const = default;
};

/// An HTTPRoute or a GRPCRoute.
struct Route {
  std::string kind;
  Meta meta;
  std::vector<ParentRef> parents;
  std::vector<std::string> hostnames;  ///< Lower case.
  std::vector<DraftRule> rules;
  bool grpc() const { return kind == "GRPCRoute"; }
  bool operator==(const Route&) const = default;
};

struct IngressClass {
  Meta meta;
  std::string controller;
  bool isDefault = false;
  bool operator==(const IngressClass&) const = default;
};

struct IngressTls {
  std::vector<std::string> hosts;  ///< Lower case.
  std::string secret;
  bool operator==(const IngressTls&) const = default;
};

struct IngressRule {
  std::string host;  ///< Lower case; empty: all.
  DraftRule draft;
  bool operator==(const IngressRule&) const = default;
};

struct Ingress {
  Meta meta;
  std::optional<std::string> className;  ///< spec.ingressClassName
  std::string annotation;                ///< kubernetes.io/ingress.class
  std::vector<IngressRule> rules;        ///< The default backend is one for all hosts, the last.
  std::vector<IngressTls> tls;
  bool operator==(const Ingress&) const = default;
};

struct ReferenceGrant {
  Meta meta;
  std::vector<Reference> from;  ///< Group, kind and namespace.
  std::vector<Reference> to;    ///< Group, kind, and name if only one.
  bool operator==(const ReferenceGrant&) const = default;
};

/// Of a Service what a reference to it needs.
struct BackendService {
  bool externalName = false;
  std::vector<kube::ServicePort> ports;  ///< TCP only.
  bool operator==(const BackendService&) const = default;
};

/// Of a Secret of type kubernetes.io/tls: its pair, or what is wrong with it.
struct TlsSecret {
  Certificate certificate;
  std::string error;
  bool operator==(const TlsSecret&) const = default;
};

/// Everything that a table is made from, but the endpoints.
struct Objects {
  template <class T>
  using ByName = std::map<ObjectName, T>;

  ByName<GatewayClass> gatewayClasses;
  ByName<Gateway> gateways;
  ByName<Route> httpRoutes;
  ByName<Route> grpcRoutes;
  ByName<IngressClass> ingressClasses;
  ByName<Ingress> ingresses;
  ByName<ReferenceGrant> grants;
  ByName<kube::Labels> namespaces;
  ByName<TlsSecret> secrets;
  ByName<BackendService> services;
};

Meta metaFrom(const kube::json::object& object);
GatewayClass gatewayClassFrom(const kube::json::object& object);
Gateway gatewayFrom(const kube::json::object& object);
Route httpRouteFrom(const kube::json::object& object);
Route grpcRouteFrom(const kube::json::object& object);
IngressClass ingressClassFrom(const kube::json::object& object);
Ingress ingressFrom(const kube::json::object& object);
ReferenceGrant referenceGrantFrom(const kube::json::object& object);
BackendService backendServiceFrom(const kube::json::object& object);
TlsSecret tlsSecretFrom(const kube::json::object& object);

inline constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";

}  // namespace hitless::proxy::routing
