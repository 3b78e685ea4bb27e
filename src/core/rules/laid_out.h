#pragma once

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "core/nft/ruleset.h"
#include "core/rules/slot_keys.h"
#include "core/service/plan.h"

namespace hitless::rules {

/// Which list of slots: a service port in one family under one traffic policy.
struct SlotsKey {
  IpFamily family = IpFamily::kV4;
  service::Protocol protocol = service::Protocol::kTcp;
  std::uint16_t port = 0;
  service::TrafficPolicy policy = service::TrafficPolicy::kCluster;
  auto operator<=>(const SlotsKey&) const = default;
};
SlotsKey slotsKey(const service::PlannedFamily& family, const service::PlannedPort& port,
                  service::TrafficPolicy policy);

/// The endpoints by slot; lists without endpoints are left out. Sorted by key.
using Slots = std::vector<std::pair<SlotsKey, std::vector<service::Target>>>;
const std::vector<service::Target>* find(const Slots& slots, const SlotsKey& key);

/// A planned service with its endpoints laid out in slots.
struct LaidOutService {
  service::PlannedService plan;
  Slots slots;
  bool operator==(const LaidOutService&) const = default;
};

/// Lays the endpoints out, keeping the slots that they had (see assignSlots()).
LaidOutService layOut(service::PlannedService plan, const Slots& previous);

/// Whether the slots are those that endpoints without a past get, so that nobody need remember
/// them.
bool inOrder(const LaidOutService& service);

/// The endpoints that a map holds for an entry, by slot.
std::vector<service::Target> targetsAt(const nft::Elements& endpoints, const Entry& entry,
                                       IpFamily family);
/// The address in 4 or 16 bytes.
IpAddress addressIn(std::span<const std::uint8_t> bytes);

/// The slots that a table's maps hold for a service.
Slots slotsIn(const nft::Ruleset& applied, const service::PlannedService& plan);

}  // namespace hitless::rules
