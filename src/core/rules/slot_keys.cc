#include "core/rules/slot_keys.h"

#include <algorithm>
#include <iterator>

namespace hitless::rules {

using service::TrafficPolicy;

nft::Datum addressKey(const IpAddress& address, service::Protocol protocol, std::uint16_t port) {
  nft::Datum key;
  key.address(address).protocol(static_cast<std::uint8_t>(protocol)).port(port);
  return key;
}

nft::Datum nodePortKey(service::Protocol protocol, std::uint16_t port) {
  nft::Datum key;
  key.protocol(static_cast<std::uint8_t>(protocol)).port(port);
  return key;
}

std::vector<IpAddress> servedAt(const service::PlannedFamily& family,
                                const service::PlannedPort& port) {
  std::vector<IpAddress> addresses;
  std::set_difference(family.externalIps.begin(), family.externalIps.end(), port.yielded.begin(),
                      port.yielded.end(), std::back_inserter(addresses));
  return addresses;
}

std::vector<Entry> entriesOf(const service::PlannedService& service,
                             const service::PlannedFamily& family,
                             const service::PlannedPort& port) {
  std::vector<Entry> entries;
  const auto add = [&](Entry::Via via, const nft::Datum& key, TrafficPolicy policy) {
    entries.push_back({via, key, View::kOwn, policy});
    if (via != Entry::Via::kClusterIp && policy == TrafficPolicy::kLocal) {
      entries.push_back({via, key, View::kFromNode, TrafficPolicy::kCluster});
    }
  };
  add(Entry::Via::kClusterIp, addressKey(family.clusterIp, port.protocol, port.port),
      service.internal);
  for (const IpAddress& address : servedAt(family, port)) {
    add(Entry::Via::kExternalIp, addressKey(address, port.protocol, port.port), service.external);
  }
  if (port.nodePort != 0) {
    add(Entry::Via::kNodePort, nodePortKey(port.protocol, port.nodePort), service.external);
  }
  return entries;
}

}  // namespace hitless::rules
