#include "core/control/service_addresses.h"

#include <fmt/format.h>

namespace hitless::control {
namespace {

namespace json = kube::json;

std::string_view typeOf(const json::object& service) {
  return kube::text(service, {"spec", "type"}, "ClusterIP");
}
bool wantsAddress(const json::object& service) {
  return typeOf(service) != "ExternalName";
}
bool wantsNodePorts(const json::object& service) {
  const std::string_view type = typeOf(service);
  return type == "NodePort" ||
         (type == "LoadBalancer" &&
          kube::boolean(service, {"spec", "allocateLoadBalancerNodePorts"}, true));
}

std::string clusterIpOf(const json::object& service) {
  const std::string_view single = kube::text(service, {"spec", "clusterIP"});
  if (!single.empty()) {
    return std::string(single);
  }
  const json::array* all = kube::findArray(service, {"spec", "clusterIPs"});
  const json::string* first = all == nullptr || all->empty() ? nullptr : all->front().if_string();
  return first == nullptr ? std::string() : std::string(*first);
}

template <class F>
void forEachPort(const json::object& service, F each) {
  if (const json::array* ports = kube::findArray(service, {"spec", "ports"})) {
    for (std::size_t i = 0; i < ports->size(); ++i) {
      if (const json::object* port = (*ports)[i].if_object()) {
        each(i, *port);
      }
    }
  }
}

std::string protocolOf(const json::object& port) {
  return std::string(kube::text(port, {"protocol"}, "TCP"));
}

tl::unexpected<ApiError> invalidService(const json::object& service, std::string field,
                                        std::string message) {
  return refuse(invalidObject("", "Service", kube::text(service, {"metadata", "name"}),
                              {{"FieldValueInvalid", std::move(field), std::move(message)}}));
}

tl::unexpected<ApiError> refuseAddress(const json::object& service, const std::string& ip,
                                       std::string_view why) {
  return invalidService(
      service, "spec.clusterIPs",
      fmt::format("Invalid value: []string{{\"{}\"}}: failed to allocate IP {}: {}", ip, ip, why));
}

void setClusterIp(json::object& service, const std::string& ip) {
  json::object& spec = kube::ensureObject(service, {"spec"});
  spec["clusterIP"] = ip;
  spec["clusterIPs"] = json::array{json::string(ip)};
  spec["ipFamilies"] = json::array{"IPv4"};
  spec["ipFamilyPolicy"] = "SingleStack";
}

/// The node port that `live` has for the same protocol and port, or 0.
std::int64_t formerNodePort(const json::object* live, const json::object& port) {
  std::int64_t found = 0;
  if (live != nullptr && wantsNodePorts(*live)) {
    forEachPort(*live, [&](std::size_t, const json::object& former) {
      if (protocolOf(former) == protocolOf(port) &&
          kube::integer(former, {"port"}) == kube::integer(port, {"port"})) {
        found = kube::integer(former, {"nodePort"});
      }
    });
  }
  return found;
}

}  // namespace

ServiceAddresses::ServiceAddresses(Store& store, AddressRanges ranges)
    : store_(store), ranges_(ranges) {
  for (const kube::ObjectPtr& service : store_.list(kube::res::kServices, "")) {
    note(*service, true);
  }
  subscription_ = store_.subscribe([this](const StoreEvent& event) { follow(event); });
}

ServiceAddresses::~ServiceAddresses() {
  store_.cancel(subscription_);
}

void ServiceAddresses::follow(const StoreEvent& event) {
  if (event.resource != &kube::res::kServices) {
    return;
  }
  if (event.previous != nullptr) {
    note(*event.previous, false);
  }
  if (event.type != EventType::kDeleted) {
    note(*event.object, true);
  }
}

void ServiceAddresses::note(const json::object& service, bool taken) {
  const auto ip = IpAddress::parse(clusterIpOf(service));
  if (ip && ip->isV4()) {
    taken ? (void)addresses_.insert(ip->v4HostOrder()) : (void)addresses_.erase(ip->v4HostOrder());
  }
  forEachPort(service, [&](std::size_t, const json::object& port) {
    const PortKey key{protocolOf(port), kube::integer(port, {"nodePort"})};
    if (key.second != 0) {
      taken ? (void)ports_.insert(key) : (void)ports_.erase(key);
    }
  });
}

ApiStatus ServiceAddresses::assign(json::object& service, const json::object* live,
                                   Rng& rng) const {
  API_TRY_VOID(assignClusterIp(service, live, rng));
  return assignNodePorts(service, live, rng);
}

ApiStatus ServiceAddresses::assignClusterIp(json::object& service, const json::object* live,
                                            Rng& rng) const {
  if (!wantsAddress(service)) {
    return {};
  }
  const std::string former = live != nullptr && wantsAddress(*live) ? clusterIpOf(*live) : "";
  std::string wanted = clusterIpOf(service);
  if (wanted.empty()) {
    wanted = former;
  }
  if (wanted.empty()) {
    const auto free = freeAddress(rng);
    if (!free) {
      return refuse(internalError("failed to allocate a serviceIP: range is full"));
    }
    wanted = IpAddress::v4(*free).text();
  } else if (wanted != former && wanted != "None") {
    const auto ip = IpAddress::parse(wanted);
    if (!ip || !ip->isV4()) {
      return {};  // Validation names it.
    }
    if (!ranges_.services.contains(*ip)) {
      return refuseAddress(service, wanted,
                           fmt::format("the provided IP ({}) is not in the valid range. The range "
                                       "of valid IPs is {}",
                                       wanted, ranges_.services.text()));
    }
    if (addresses_.contains(ip->v4HostOrder())) {
      return refuseAddress(service, wanted, "provided IP is already allocated");
    }
  }
  setClusterIp(service, wanted);
  return {};
}

/// Random, so that an address is not reused soon after its release; then whatever is left.
std::optional<std::uint32_t> ServiceAddresses::freeAddress(Rng& rng) const {
  const std::uint32_t first = ranges_.services.masked().address.v4HostOrder();
  const std::uint64_t size = std::uint64_t{1} << (32 - ranges_.services.length);
  if (size < 4) {
    return std::nullopt;
  }
  const std::uint64_t usable = size - 2;  // Without the network's own and the broadcast address.
  const std::uint64_t start = rng.below(usable);
  for (std::uint64_t i = 0; i < usable; ++i) {
    const auto candidate = static_cast<std::uint32_t>(first + 1 + (start + i) % usable);
    // The first address is the Service kubernetes, whether or not it exists by now.
    if (candidate != first + 1 && !addresses_.contains(candidate)) {
      return candidate;
    }
  }
  return std::nullopt;
}

ApiStatus ServiceAddresses::assignNodePorts(json::object& service, const json::object* live,
                                            Rng& rng) const {
  json::value* ports = kube::ensureObject(service, {"spec"}).if_contains("ports");
  if (ports == nullptr || !ports->is_array()) {
    return {};
  }
  const bool wanted = wantsNodePorts(service);
  const bool dropped = !wanted && live != nullptr && wantsNodePorts(*live);
  PortKeys own;
  PortKeys chosen;
  if (live != nullptr) {
    forEachPort(*live, [&](std::size_t, const json::object& port) {
      own.emplace(protocolOf(port), kube::integer(port, {"nodePort"}));
    });
  }
  for (std::size_t i = 0; i < ports->get_array().size(); ++i) {
    json::object* port = ports->get_array()[i].if_object();
    if (port == nullptr || !wanted) {
      if (port != nullptr && dropped) {
        port->erase("nodePort");
      }
      continue;
    }
    const std::int64_t asked = kube::integer(*port, {"nodePort"});
    const std::int64_t number = asked != 0 ? asked : formerNodePort(live, *port);
    if (const auto assigned = assignNodePort(*port, number, own, chosen, rng); !assigned) {
      return invalidService(service, fmt::format("spec.ports[{}].nodePort", i),
                            fmt::format("Invalid value: {}: {}", number, assigned.error()));
    }
  }
  return {};
}

tl::expected<void, std::string> ServiceAddresses::assignNodePort(json::object& port,
                                                                 std::int64_t wanted,
                                                                 const PortKeys& own,
                                                                 PortKeys& chosen, Rng& rng) const {
  const std::string protocol = protocolOf(port);
  const auto taken = [&](std::int64_t number) {
    const PortKey key{protocol, number};
    return chosen.contains(key) || (ports_.contains(key) && !own.contains(key));
  };
  const std::int64_t first = ranges_.firstNodePort;
  const std::int64_t count = ranges_.lastNodePort - first + 1;
  if (wanted != 0 && (wanted < first || wanted >= first + count)) {
    return tl::unexpected(
        fmt::format("provided port is not in the valid range. The range of valid ports is {}-{}",
                    first, ranges_.lastNodePort));
  }
  if (wanted != 0 && taken(wanted)) {
    return tl::unexpected(std::string("provided port is already allocated"));
  }
  const auto start = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(count)));
  for (std::int64_t step = 0; step < count && wanted == 0; ++step) {
    const std::int64_t candidate = first + (start + step) % count;
    wanted = taken(candidate) ? 0 : candidate;
  }
  if (wanted == 0) {
    return tl::unexpected(std::string("failed to allocate a nodePort: range is full"));
  }
  port["nodePort"] = wanted;
  chosen.emplace(protocol, wanted);
  return {};
}

}  // namespace hitless::control
