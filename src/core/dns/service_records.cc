#include "core/dns/service_records.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace hitless::dns {
namespace {

using service::Endpoint;
using service::Slice;

template <class Visit>
void forEachEndpoint(const service::ServiceState& state, Visit visit) {
  static const std::string kNone;
  for (const auto& [name, slice] : state.slices) {
    for (std::size_t i = 0; i < slice->endpoints.size(); ++i) {
      visit(slice->endpoints[i], slice->hostnames.empty() ? kNone : slice->hostnames[i]);
    }
  }
}

bool servesToTheEnd(const Endpoint& endpoint) {
  return endpoint.serving && endpoint.terminating;
}

void sortUnique(std::vector<IpAddress>& addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

/// Which families have no ready endpoint, so that terminating ones stand in.
void findLastResorts(ServiceRecords& records, const RecordOptions& options) {
  bool ready[2] = {false, false};
  bool lastResort[2] = {false, false};
  forEachEndpoint(records.state, [&](const Endpoint& endpoint, const std::string&) {
    const int family = endpoint.ip.isV4() ? 0 : 1;
    ready[family] |= endpoint.ready;
    lastResort[family] |= servesToTheEnd(endpoint);
    records.unsettled |= !endpoint.ready || endpoint.terminating;
  });
  const bool wanted = options.answerTerminating && records.kind == ServiceRecords::Kind::kHeadless;
  records.lastResortV4 = wanted && !ready[0] && lastResort[0];
  records.lastResortV6 = wanted && !ready[1] && lastResort[1];
}

void addEndpoints(ServiceRecords& records) {
  std::vector<IpAddress>& addresses = records.kind == ServiceRecords::Kind::kHeadless
                                          ? records.addresses
                                          : records.endpointAddresses;
  std::set<std::string_view> waiting;
  forEachEndpoint(records.state, [&](const Endpoint& endpoint, const std::string& hostname) {
    const bool published = publishes(records, endpoint);
    if (published) {
      addresses.push_back(endpoint.ip);
    }
    if (published && !hostname.empty()) {
      records.hosts[hostname].push_back(endpoint.ip);
    } else if (!hostname.empty()) {
      waiting.insert(hostname);
    }
  });
  sortUnique(addresses);
  for (auto& [hostname, ips] : records.hosts) {
    sortUnique(ips);
  }
  for (const std::string_view hostname : waiting) {
    if (!records.hosts.contains(hostname)) {
      records.expected.emplace(hostname, MonoTime::max());
    }
  }
}

/// What the Service had under a name of its own and has no more may come back: a StatefulSet's pod
/// keeps its name.
void addExpected(ServiceRecords& records, const ServiceRecords& before, MonoTime now,
                 const RecordOptions& options) {
  constexpr std::size_t kMost = 4096;
  const auto expect = [&](const std::string& hostname, MonoTime since) {
    if (records.expected.size() < kMost && !records.hosts.contains(hostname) &&
        now - since < options.expectation) {
      records.expected.emplace(hostname, since);
    }
  };
  for (const auto& [hostname, ips] : before.hosts) {
    expect(hostname, now);
  }
  for (const auto& [hostname, since] : before.expected) {
    expect(hostname, since == MonoTime::max() ? now : since);
  }
}

bool samePorts(const service::ServiceState& a, const service::ServiceState& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return x.name == y.name && x.protocol == y.protocol && x.port == y.port;
  };
  const auto& mine = a.service->ports;
  const auto& theirs = b.service->ports;
  if (!std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end(), equal) ||
      a.slices.size() != b.slices.size()) {
    return false;
  }
  return std::equal(a.slices.begin(), a.slices.end(), b.slices.begin(),
                    [&](const auto& x, const auto& y) {
                      const auto& p = x.second->ports;
                      const auto& q = y.second->ports;
                      return std::equal(p.begin(), p.end(), q.begin(), q.end(), equal);
                    });
}

std::string_view protocolLabel(service::Protocol protocol) {
  switch (protocol) {
    case service::Protocol::kTcp:
      return "tcp";
    case service::Protocol::kUdp:
      return "udp";
    case service::Protocol::kSctp:
      return "sctp";
  }
  return {};
}

template <class Port>
bool matches(const Port& port, std::string_view name, std::string_view protocol) {
  return (name.empty() || port.name == name) &&
         (protocol.empty() || protocolLabel(port.protocol) == protocol);
}

}  // namespace

bool ServiceRecords::sameNames(const ServiceRecords& other) const {
  return kind == other.kind && ipv4 == other.ipv4 && ipv6 == other.ipv6 &&
         unsettled == other.unsettled && lastResortV4 == other.lastResortV4 &&
         lastResortV6 == other.lastResortV6 && withheld == other.withheld &&
         addresses == other.addresses && endpointAddresses == other.endpointAddresses &&
         hosts == other.hosts && externalName == other.externalName &&
         samePorts(state, other.state);
}

bool ServiceRecords::steady(const ServiceRecords& other) const {
  if (kind != other.kind || addresses != other.addresses || externalName != other.externalName) {
    return false;
  }
  return kind != Kind::kHeadless || sameNames(other);
}

bool publishes(const ServiceRecords& records, const Endpoint& endpoint) {
  return endpoint.ready || (records.lastResort(endpoint.ip.family()) && servesToTheEnd(endpoint));
}

RecordsPtr recordsOf(const service::ServiceState& state, const ServiceRecords* before, MonoTime now,
                     const RecordOptions& options) {
  if (!state.service) {
    return nullptr;
  }
  const service::Service& service = *state.service;
  auto records = std::make_shared<ServiceRecords>();
  records->state = state;
  records->ipv4 = service.ipv4;
  records->ipv6 = service.ipv6;
  if (service.type == service::ServiceType::kExternalName) {
    records->kind = ServiceRecords::Kind::kExternalName;
    if (!IpAddress::parse(service.externalName)) {
      records->externalName = Name::parse(service.externalName).value_or(Name{});
    }
  } else if (service.headless) {
    records->kind = ServiceRecords::Kind::kHeadless;
  } else {
    records->addresses = service.clusterIps;
  }
  if (records->kind != ServiceRecords::Kind::kExternalName) {
    findLastResorts(*records, options);
    addEndpoints(*records);
  }
  records->changed = now;
  if (before != nullptr) {
    if (records->kind == ServiceRecords::Kind::kHeadless) {
      addExpected(*records, *before, now, options);
    }
    records->changed = records->steady(*before) ? before->changed : now;
  }
  return records;
}

std::vector<ServiceTarget> targetsOf(const ServiceRecords& records, std::string_view port,
                                     std::string_view protocol) {
  std::vector<ServiceTarget> targets;
  if (records.kind == ServiceRecords::Kind::kClusterIp) {
    for (const service::ServicePort& served : records.state.service->ports) {
      if (matches(served, port, protocol)) {
        targets.push_back({served.port, {}, {}});
      }
    }
    return targets;
  }
  for (const auto& [name, slice] : records.state.slices) {
    for (const service::SlicePort& served : slice->ports) {
      if (!matches(served, port, protocol)) {
        continue;
      }
      for (std::size_t i = 0; i < slice->endpoints.size(); ++i) {
        const Endpoint& endpoint = slice->endpoints[i];
        if (publishes(records, endpoint)) {
          const bool named = !slice->hostnames.empty() && !slice->hostnames[i].empty();
          targets.push_back(
              {served.port, named ? slice->hostnames[i] : labelOf(endpoint.ip), endpoint.ip});
        }
      }
    }
  }
  return targets;
}

std::string labelOf(const IpAddress& address) {
  std::string label = address.text();
  std::replace(label.begin(), label.end(), address.isV4() ? '.' : ':', '-');
  if (label.back() == '-') {
    label += '0';  // A label must not end with a hyphen.
  }
  if (label.front() == '-') {
    label.insert(label.begin(), '0');
  }
  return label;
}

std::optional<IpAddress> addressOf(std::string_view label) {
  std::string text(label);
  if (std::count(label.begin(), label.end(), '-') == 3 && label.find("--") == label.npos) {
    std::replace(text.begin(), text.end(), '-', '.');
    if (const auto v4 = IpAddress::parse(text)) {
      return v4;
    }
    text.assign(label);
  }
  std::replace(text.begin(), text.end(), '-', ':');
  return IpAddress::parse(text);
}

}  // namespace hitless::dns
