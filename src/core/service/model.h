#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "core/kube/objects.h"

/// Of Services and EndpointSlices what rules and names need, in as little memory as possible: a
/// cluster has tens of thousands of them and every node holds them all.
namespace hitless::service {

/// IANA numbers.
enum class Protocol : std::uint8_t { kTcp = 6, kUdp = 17, kSctp = 132 };
std::optional<Protocol> parseProtocol(std::string_view name);
std::string_view name(Protocol protocol);

/// internalTrafficPolicy and externalTrafficPolicy.
enum class TrafficPolicy : std::uint8_t {
  kCluster,
  kLocal,  ///< Only endpoints on this node.
};
std::string_view name(TrafficPolicy policy);

enum class ServiceType : std::uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalName };

struct ServicePort {
  std::string name;  ///< May be empty.
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  std::uint16_t nodePort = 0;  ///< 0: none.
};

struct Service {
  ServiceType type = ServiceType::kClusterIp;
  bool headless = false;
  bool ipv4 = true;   ///< spec.ipFamilies has IPv4; of a headless Service what names may hold.
  bool ipv6 = false;  ///< spec.ipFamilies has IPv6.
  bool publishNotReady = false;  ///< spec.publishNotReadyAddresses
  bool secondChance = true;      ///< Annotation hitless.io/second-chance is not "false".
  TrafficPolicy internal = TrafficPolicy::kCluster;
  TrafficPolicy external = TrafficPolicy::kCluster;
  std::uint16_t healthCheckNodePort = 0;  ///< 0: none.
  std::uint32_t affinityTimeout = 0;      ///< Seconds of sessionAffinity ClientIP; 0: none.
  WallTime created{};                     ///< metadata.creationTimestamp
  std::vector<IpAddress> clusterIps;
  std::vector<IpAddress> externalIps;  ///< spec.externalIPs
  std::vector<IpAddress> balancerIps;  ///< status.loadBalancer.ingress, but ipMode Proxy (KEP-1860)
  std::vector<Cidr> sourceRanges;      ///< spec.loadBalancerSourceRanges
  std::vector<ServicePort> ports;      ///< Those of a protocol that is balanced.
  std::optional<std::string> proxyName;  ///< Label service.kubernetes.io/service-proxy-name.
  std::string uid;                       ///< Only with a healthCheckNodePort, for its Events.
  std::string externalName;              ///< Only of type ExternalName.
};
Service serviceFrom(const kube::Service& service);
/// What annotation hitless.io/second-chance of a Service or pod says.
bool givesSecondChance(const kube::ObjectMeta& meta);

/// hints of an endpoint (KEP-2433, KEP-4444).
struct Hints {
  std::vector<std::string> forNodes;
  std::vector<std::string> forZones;
  bool operator==(const Hints&) const = default;
};

/// One address of an endpoint.
struct Endpoint {
  IpAddress ip;
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::uint32_t pod = 0;  ///< Tells its pod from others that had the address: podId(); 0: no pod.
  std::shared_ptr<const std::string> node;  ///< nullptr: not told. Shared by all on the node.
  std::shared_ptr<const Hints> hints;       ///< nullptr: none.

  std::string_view nodeName() const { return node ? std::string_view(*node) : std::string_view{}; }
};

/// What a pod's UID is remembered by; never 0.
std::uint32_t podId(std::string_view uid);

struct SlicePort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};

/// What is kept of an EndpointSlice. What is no IP address (addressType FQDN) is left out.
struct Slice {
  std::vector<SlicePort> ports;
  std::vector<Endpoint> endpoints;
  /// The endpoints' names below the Service's, in the same order; empty if none has one.
  std::vector<std::string> hostnames;
  /// The names of the pods that terminate, in the same order; empty if none does.
  std::vector<std::string> departing;
  bool headless = false;  ///< Label service.kubernetes.io/headless.
};

/// One string for each node's name, however many endpoints are there.
class NodeNames {
 public:
  /// nullptr for the empty name.
  std::shared_ptr<const std::string> intern(const std::string& name);

 private:
  /// Names that only this table holds are dropped when it has doubled.
  void prune();

  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> names_;
  std::size_t pruneAt_ = 64;
};

Slice sliceFrom(const kube::EndpointSlice& slice, NodeNames& names);

}  // namespace hitless::service
