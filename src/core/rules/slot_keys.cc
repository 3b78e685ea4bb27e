#include "core/rules/slot_keys.h"

namespace hitless::rules {

using service::TrafficPolicy;

nft::Datum addressKey(const IpAddress& address, const service::PlannedPort& port) {
  nft::Datum key;
  key.address(address).protocol(static_cast<std::uint8_t>(port.protocol)).port(port.port);
  return key;
}

nft::Datum nodePortKey(const service::PlannedPort& port) {
  nft::Datum key;
  key.protocol(static_cast<std::uint8_t>(port.protocol)).port(port.nodePort);
  return key;
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
  add(Entry::Via::kClusterIp, addressKey(family.clusterIp, port), service.internal);
  for (const IpAddress& address : family.externalIps) {
    add(Entry::Via::kExternalIp, addressKey(address, port), service.external);
  }
  if (port.nodePort != 0) {
    add(Entry::Via::kNodePort, nodePortKey(port), service.external);
  }
  return entries;
}

}  // namespace hitless::rules
