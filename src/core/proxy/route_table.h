#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"

/// What a proxy does with requests: a value, made from the cluster's objects (gateway) or from
/// flags (sidecar), immutable while it is in use.
namespace hitless::proxy {

namespace routing {
class Routes;  // routing/routes.h
}

struct Address {
  IpAddress ip;
  std::uint16_t port = 0;
  auto operator<=>(const Address&) const = default;
  /// "10.244.1.2:8080", "[fd00::1]:8080"
  std::string text() const;
};

/// Where requests can go.
struct Upstream {
  Address address;
  /// New requests go to ready ones, and only if there is none to those that terminate but serve
  /// (KEP-1669). Who is not listed gets nothing; what is under way there goes on.
  bool ready = true;
  std::string pod;   ///< "namespace/name"; empty if it is none.
  std::string node;  ///< May be empty.
  bool operator==(const Upstream&) const = default;
};

enum class UpstreamProtocol : std::uint8_t {
  kHttp1,
  kHttp2,  ///< With prior knowledge (appProtocol kubernetes.io/h2c, gRPC), by ALPN over TLS.
  kSameAsDownstream,  ///< What the client speaks: a sidecar before an application.
};

enum class Balancing : std::uint8_t {
  kLeastRequest,  ///< The less busy of two that are drawn (what Envoy and Istio do).
  kRoundRobin,
};

struct UpstreamTls {
  std::string serverName;  ///< SNI, and what the certificate must be for.
  std::string caPem;       ///< Whom to trust; empty: the system's.
  bool verify = true;
  bool operator==(const UpstreamTls&) const = default;
};

/// A port of a Service, or a fixed address. Names are Istio's:
/// "outbound|80||web.default.svc.cluster.local".
struct Cluster {
  std::string name;
  UpstreamProtocol protocol = UpstreamProtocol::kHttp1;
  Balancing balancing = Balancing::kLeastRequest;
  std::optional<UpstreamTls> tls;
  std::vector<Upstream> upstreams;  ///< Sorted by address, unique.
  /// The connection's original destination instead of upstreams (a sidecar behind a redirect).
  bool originalDestination = false;
  bool operator==(const Cluster&) const = default;
};

/// A string, a prefix by path elements ("/a" is one of "/a/b" and not of "/ab"), or a regular
/// expression in RE2's syntax for the whole path. The query is no part of the path.
struct PathMatch {
  enum class Kind : std::uint8_t { kExact, kPrefix, kRegex };
  Kind kind = Kind::kPrefix;
  std::string value = "/";
  bool operator==(const PathMatch&) const = default;
};

struct ValueMatch {
  std::string name;  ///< Of a header in lower case, or of a query parameter.
  std::string value;
  bool regex = false;  ///< RE2's syntax, for the whole value.
  bool operator==(const ValueMatch&) const = default;
};

struct RequestMatch {
  PathMatch path;
  std::string method;  ///< Empty: any.
  std::vector<ValueMatch> headers;
  std::vector<ValueMatch> query;
  bool operator==(const RequestMatch&) const = default;
};

struct FieldEdits {
  std::vector<std::pair<std::string, std::string>> set = {};
  std::vector<std::pair<std::string, std::string>> add = {};
  std::vector<std::string> remove = {};
  bool empty() const { return set.empty() && add.empty() && remove.empty(); }
  bool operator==(const FieldEdits&) const = default;
};

/// ReplaceFullPath, or ReplacePrefixMatch of the prefix that matched.
struct PathEdit {
  bool prefix = false;
  std::string value;
  bool operator==(const PathEdit&) const = default;
};

struct Redirect {
  std::optional<std::string> scheme = {};
  std::optional<std::string> hostname = {};
  std::optional<std::uint16_t> port = {};
  std::optional<PathEdit> path = {};
  int status = 302;
  bool operator==(const Redirect&) const = default;
};

struct Rewrite {
  std::optional<std::string> hostname = {};
  std::optional<PathEdit> path = {};
  bool operator==(const Rewrite&) const = default;
};

struct WeightedCluster {
  std::string
      cluster;  ///< A key of RouteTable::clusters; empty: answered 500 (an invalid backendRef).
  std::uint32_t weight = 1;
  FieldEdits requestEdits = {};
  FieldEdits responseEdits = {};
  bool operator==(const WeightedCluster&) const = default;
};

/// What may be tried again besides what is certain not to have been processed; see replay.h.
struct RetryPolicy {
  bool idempotent = true;      ///< GET, HEAD, OPTIONS, PUT, DELETE, TRACE; or with Idempotency-Key.
  std::uint32_t attempts = 3;  ///< Tries in all.
  std::vector<int> statuses;  ///< Answers of an upstream that count as failed, for idempotent ones.
  bool operator==(const RetryPolicy&) const = default;
};

struct RouteRule {
  std::string name;  ///< For logs: "default/web/0" (HTTPRoute namespace/name/rule).
  std::vector<RequestMatch> matches;  ///< Any of them; without any: every request.
  FieldEdits requestEdits;
  FieldEdits responseEdits;
  std::optional<Redirect> redirect;  ///< Instead of a backend.
  std::optional<Rewrite> rewrite;
  std::vector<WeightedCluster> backends;  ///< Empty and no redirect: 500.
  nanoseconds timeout{};                  ///< Of the whole request; 0: none.
  nanoseconds attemptTimeout{};           ///< Of one try; 0: none.
  RetryPolicy retry;
  bool operator==(const RouteRule&) const = default;
};

/// A certificate chain with its key, both PEM.
struct Certificate {
  std::string chainPem;
  std::string keyPem;
  bool operator==(const Certificate&) const = default;
};

enum class ListenerProtocol : std::uint8_t {
  kHttp,            ///< HTTP/1.1 and HTTP/2 with prior knowledge, told apart by the first bytes.
  kHttps,           ///< TLS, then by ALPN.
  kTcp,             ///< Bytes to the first rule's first backend.
  kTlsPassthrough,  ///< As kTcp, chosen by SNI.
  kDetect,          ///< HTTP if it looks like it, else bytes (a sidecar behind a redirect).
};

/// The rules for one hostname of a listener.
struct VirtualHost {
  /// "example.com", "*.example.com" (one or more labels), or "*".
  std::string hostname = "*";
  std::vector<RouteRule> rules = {};  ///< The first that matches, in order of precedence.
  std::optional<Certificate> certificate = {};
  bool operator==(const VirtualHost&) const = default;
};

struct Listener {
  std::string name;  ///< "default/gateway/http"
  std::uint16_t port = 0;
  /// Where it listens; nullopt: all addresses.
  std::optional<IpAddress> address;
  ListenerProtocol protocol = ListenerProtocol::kHttp;
  std::vector<VirtualHost> hosts;
  bool operator==(const Listener&) const = default;
};

/// Tables that follow each other share what has not changed.
struct RouteTable {
  /// One for each address and port, ready to match requests.
  std::vector<std::shared_ptr<const routing::Routes>> listeners;
  std::map<std::string, std::shared_ptr<const Cluster>> clusters;  ///< By name.
};

}  // namespace hitless::proxy
