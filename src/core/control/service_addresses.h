#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/ip.h"
#include "base/rng.h"
#include "core/control/api_error.h"
#include "core/control/store.h"

namespace hitless::control {

struct AddressRanges {
  Cidr services{IpAddress::v4(0x0a600000), 16};  ///< 10.96.0.0/16; IPv4.
  std::uint16_t firstNodePort = 30000;
  std::uint16_t lastNodePort = 32767;
};

/// Which ClusterIPs and NodePorts are taken, and the choice of new ones. It follows the store, so
/// that a write that is refused later leaks nothing.
class ServiceAddresses {
 public:
  ServiceAddresses(Store& store, AddressRanges ranges);
  ~ServiceAddresses();
  ServiceAddresses(const ServiceAddresses&) = delete;
  ServiceAddresses& operator=(const ServiceAddresses&) = delete;

  /// Fills in clusterIP(s), IP family and node ports; keeps those of `live` (null on create) that
  /// the new spec leaves out. Refuses (422) addresses that are taken or out of range.
  ApiStatus assign(kube::json::object& service, const kube::json::object* live, Rng& rng) const;

  const AddressRanges& ranges() const { return ranges_; }

 private:
  void follow(const StoreEvent& event);
  void note(const kube::json::object& service, bool taken);
  ApiStatus assignClusterIp(kube::json::object& service, const kube::json::object* live,
                            Rng& rng) const;
  ApiStatus assignNodePorts(kube::json::object& service, const kube::json::object* live,
                            Rng& rng) const;
  using PortKey = std::pair<std::string, std::int64_t>;  ///< Protocol and node port.
  using PortKeys = std::set<PortKey>;
  /// Sets the node port of one port; `own` are the Service's former ones, `chosen` those of its
  /// ports before this one. The error is the text of the 422's cause.
  tl::expected<void, std::string> assignNodePort(kube::json::object& port, std::int64_t wanted,
                                                 const PortKeys& own, PortKeys& chosen,
                                                 Rng& rng) const;
  std::optional<std::uint32_t> freeAddress(Rng& rng) const;

  Store& store_;
  AddressRanges ranges_;
  std::unordered_set<std::uint32_t> addresses_;
  PortKeys ports_;
  Store::Subscription subscription_;
};

}  // namespace hitless::control
