#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "core/dns/name.h"
#include "core/service/snapshot.h"

namespace hitless::dns {

/// How the names of Services are made.
struct RecordOptions {
  /// A headless Service without a ready endpoint answers with those that terminate but still serve,
  /// as the packet rules do (KEP-1669), instead of with nothing.
  bool answerTerminating = true;
  /// How long a name that a headless Service had is still expected to come back.
  nanoseconds expectation = seconds(60);
};

/// What the cluster's zone holds of one Service. Immutable: published by being exchanged.
struct ServiceRecords {
  enum class Kind : std::uint8_t { kClusterIp, kHeadless, kExternalName };
  using Hosts = std::map<std::string, std::vector<IpAddress>, std::less<>>;
  using Expected = std::map<std::string, MonoTime, std::less<>>;

  Kind kind = Kind::kClusterIp;
  bool ipv4 = true;  ///< Of a headless Service: whether it may have addresses of this family.
  bool ipv6 = false;
  /// An endpoint is not ready or terminates: names are about to change.
  bool unsettled = false;
  /// All published endpoints of this family terminate.
  bool lastResortV4 = false;
  bool lastResortV6 = false;
  /// Cluster IPs whose rules do not stand yet are left out: this is for a moment only.
  bool withheld = false;
  MonoTime changed{};  ///< When the names last changed; MonoTime::min(): before anybody looked.
  /// The Service's own addresses: its cluster IPs in their order, or those of a headless one's
  /// endpoints, sorted and unique.
  std::vector<IpAddress> addresses;
  /// Addresses of all published endpoints, of whatever kind of Service; sorted, unique. Empty where
  /// they are equal to `addresses`.
  std::vector<IpAddress> endpointAddresses;
  Hosts hosts;        ///< Published endpoints that have a name of their own.
  Expected expected;  ///< Names that are not published but may come (back), and since when.
  Name externalName;  ///< The root if it is no name, or not an ExternalName.
  service::ServiceState state;  ///< Shared with the snapshot: ports, slices.

  const std::vector<IpAddress>& endpoints() const {
    return kind == Kind::kHeadless ? addresses : endpointAddresses;
  }
  bool lastResort(IpFamily family) const {
    return family == IpFamily::kV4 ? lastResortV4 : lastResortV6;
  }
  /// Nothing that can be asked for differs.
  bool sameNames(const ServiceRecords& other) const;
  /// The names that clients of the Service use are the same. The endpoints behind a cluster IP may
  /// come and go without that.
  bool steady(const ServiceRecords& other) const;
};
using RecordsPtr = std::shared_ptr<const ServiceRecords>;

/// nullptr if the state has no Service. `before`: what was published so far, or nullptr; it lends
/// the names that are expected back, and `changed` if nothing differs.
RecordsPtr recordsOf(const service::ServiceState& state, const ServiceRecords* before, MonoTime now,
                     const RecordOptions& options);

/// Whether an endpoint's address is among the published ones.
bool publishes(const ServiceRecords& records, const service::Endpoint& endpoint);

/// One SRV record's worth of a Service.
struct ServiceTarget {
  std::uint16_t port = 0;
  /// The endpoint's label below the Service; empty: the Service itself.
  std::string label;
  IpAddress address;  ///< Only with a label.
};
/// The targets of a port; empty names stand for all ports. `protocol` in lower case: tcp.
std::vector<ServiceTarget> targetsOf(const ServiceRecords& records, std::string_view port,
                                     std::string_view protocol);

/// The label of an endpoint without a hostname: 10-0-0-1, 2001-db8--1 (kubernetes/dns
/// specification 1.1.0 leaves it to us; CoreDNS's choice).
std::string labelOf(const IpAddress& address);
/// The address that such a label stands for; nullopt if it is none.
std::optional<IpAddress> addressOf(std::string_view label);

}  // namespace hitless::dns
