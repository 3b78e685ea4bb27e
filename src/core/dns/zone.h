#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip_hash.h"
#include "core/dns/service_records.h"

namespace hitless::dns {

/// Names of pods by their address, a-b-c-d.NAMESPACE.pod.ZONE (kubernetes/website
/// dns-pod-service).
enum class PodNames : std::uint8_t {
  kDisabled,  ///< There are none.
  kInsecure,  ///< Any address, in any namespace that exists; kubeadm's default.
};

struct ZoneOptions {
  Name name = *Name::parse("cluster.local");
  /// Seconds. What a calm name may be remembered, what one that changes, and what the absence of a
  /// name.
  std::uint32_t ttl = 5;
  std::uint32_t changingTtl = 1;
  std::uint32_t negativeTtl = 5;
  /// How long after its last change a Service's names count as changing.
  nanoseconds unrest = seconds(60);
  PodNames podNames = PodNames::kInsecure;
  RecordOptions records;
};

/// What is at a name, whatever type was asked for.
struct Match {
  enum class Kind : std::uint8_t {
    kOutside,  ///< Not below the zone.
    kAbsent,   ///< NXDOMAIN.
    kEmpty,    ///< The name exists, or others below it do: NODATA for every type.
    kApex,
    kVersion,     ///< dns-version.ZONE
    kGeneration,  ///< generation.ZONE
    kNameServer,  ///< ns.dns.ZONE
    kPod,         ///< `own` holds its address.
    kService,     ///< SERVICE.NAMESPACE.svc.ZONE; also the target of an ExternalName.
    kEndpoint,    ///< LABEL.SERVICE...; `own` holds its addresses.
    kPort,        ///< _PORT._PROTOCOL.SERVICE...
  };
  Kind kind = Kind::kAbsent;
  /// Of a Service's names, also where the name itself is absent.
  RecordsPtr service;
  std::string_view label;     ///< The endpoint's, within the name that was looked up.
  std::string_view port;      ///< Without the underscore.
  std::string_view protocol;  ///< Without the underscore.
  std::vector<IpAddress> own;

  std::span<const IpAddress> addresses() const {
    return kind == Kind::kService ? std::span<const IpAddress>(service->addresses) : own;
  }
};

/// The cluster's zone as this node publishes it. Changes come in two steps, so that names and
/// packet rules keep their order: withdraw() before the rules change, publish() after.
class Zone {
 public:
  explicit Zone(ZoneOptions options);

  /// What differs between the zone and a snapshot; made without touching the zone, so that readers
  /// are kept out only for as long as applying it takes.
  struct Edit {
    struct Service {
      std::string key;
      RecordsPtr withdrawn;  ///< What may be said before the rules have followed.
      RecordsPtr published;  ///< What may be said afterwards; nullptr: nothing.
    };
    std::vector<Service> services;
    bool empty() const { return services.empty(); }
  };
  Edit prepare(const service::Snapshot& snapshot, const service::Changes& changes,
               MonoTime now) const;
  /// An address that a Service's names have given so far and that withdraw() takes back.
  struct TakenBack {
    service::ServiceName service;
    IpAddress address;
  };
  std::vector<TakenBack> takenBackBy(const Edit& edit) const;
  void withdraw(const Edit& edit);
  void publish(const Edit& edit, std::uint64_t revision, WallTime now);

  void setNamespaces(std::set<std::string> names);
  /// The addresses at which pods reach this server: what ns.dns.ZONE holds.
  void setServers(std::vector<IpAddress> servers) { servers_ = std::move(servers); }

  /// `name`: wire form, lower case.
  Match find(std::string_view name) const;
  /// The Service that a reverse name's address belongs to as a cluster IP, or those that publish it
  /// as an endpoint's; as names in wire form. Empty if there is none.
  std::vector<Name> namesOf(const IpAddress& address) const;

  const ZoneOptions& options() const { return options_; }
  const Name& name() const { return options_.name; }
  const Name& svcName() const { return svc_; }
  const Name& serverName() const { return serverName_; }
  const Name& mailbox() const { return mailbox_; }
  const std::vector<IpAddress>& servers() const { return servers_; }
  /// False until the Services were published and the namespaces set: until then no name can be said
  /// not to exist.
  bool ready() const { return published_ && namespacesKnown_; }
  std::uint64_t generation() const { return generation_; }  ///< Publications with an effect.
  std::uint64_t revision() const { return revision_; }      ///< Of the EndpointSlices.
  WallTime lastPublished() const { return lastPublished_; }
  std::uint32_t serial() const;
  std::size_t services() const { return services_.size(); }

  std::uint32_t ttlOf(const ServiceRecords& records, IpFamily family, MonoTime now) const;
  std::uint32_t negativeTtlOf(const ServiceRecords* records, MonoTime now) const;

 private:
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  using Services = std::unordered_map<std::string, RecordsPtr, KeyHash, std::equal_to<>>;

  void set(const std::string& key, const RecordsPtr& records);
  void link(const std::string& key, const ServiceRecords* before, const ServiceRecords* after);
  Edit::Service editFor(std::string key, RecordsPtr before, RecordsPtr after) const;
  Match findBelowSvc(std::string_view name, std::span<const std::uint8_t> labels) const;
  Match findBelowPod(std::string_view name, std::span<const std::uint8_t> labels) const;
  Match findInService(std::string_view name, std::span<const std::uint8_t> labels,
                      RecordsPtr service) const;

  ZoneOptions options_;
  Name svc_;
  Name pod_;
  Name serverName_;
  Name mailbox_;
  std::vector<IpAddress> servers_;
  std::set<std::string, std::less<>> namespaces_;
  /// By the labels SERVICE and NAMESPACE in wire form, as they stand in a name.
  Services services_;
  /// Who has an address: keys of services_.
  std::unordered_multimap<IpAddress, const std::string*, IpAddressHash> owners_;
  bool published_ = false;
  bool namespacesKnown_ = false;
  std::uint64_t generation_ = 0;
  std::uint64_t revision_ = 0;
  WallTime lastPublished_{};
  WallTime lastChanged_{};
};

}  // namespace hitless::dns
