#include "core/rules/laid_out.h"

#include <algorithm>
#include <array>

#include "core/rules/dispatch.h"
#include "core/rules/slots.h"

namespace hitless::rules {
namespace {

using service::PlannedFamily;
using service::PlannedPort;
using service::PlannedService;
using service::Target;
using service::TrafficPolicy;

/// Calls `visit(family, port, policy)` for each list of slots that the service needs.
template <class Visit>
void forEachList(const PlannedService& plan, Visit visit) {
  for (const PlannedFamily& family : plan.families) {
    for (const PlannedPort& port : family.ports) {
      bool used[2] = {};
      for (const Entry& entry : entriesOf(plan, family, port)) {
        used[static_cast<std::size_t>(entry.policy)] = true;
      }
      for (const TrafficPolicy policy : {TrafficPolicy::kCluster, TrafficPolicy::kLocal}) {
        if (used[static_cast<std::size_t>(policy)]) {
          visit(family, port, policy);
        }
      }
    }
  }
}

void add(Slots& slots, const SlotsKey& key, std::vector<Target> targets) {
  const auto at = std::lower_bound(
      slots.begin(), slots.end(), key,
      [](const auto& entry, const SlotsKey& wanted) { return entry.first < wanted; });
  if (!targets.empty() && (at == slots.end() || at->first != key)) {
    slots.emplace(at, key, std::move(targets));
  }
}

std::optional<Target> targetOf(const nft::Datum& value, IpFamily family) {
  const auto bytes = value.bytes();
  const std::size_t size = family == IpFamily::kV4 ? 4 : 16;
  if (bytes.size() < size + 2) {
    return std::nullopt;
  }
  return Target{addressIn(bytes.first(size)),
                static_cast<std::uint16_t>(bytes[size] << 8 | bytes[size + 1])};
}

}  // namespace

IpAddress addressIn(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 4) {
    return IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | bytes[1] << 16 |
                         bytes[2] << 8 | bytes[3]);
  }
  std::array<std::uint8_t, 16> ip{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), ip.size()), ip.begin());
  return IpAddress::v6(ip);
}

std::vector<Target> targetsAt(const nft::Elements& endpoints, const Entry& entry, IpFamily family) {
  std::vector<Target> targets;
  for (std::uint32_t slot = 0;; ++slot) {
    const auto it = endpoints.find(entry.slotKey(slot));
    const auto* value =
        it == endpoints.end() ? nullptr : std::get_if<nft::Datum>(&it->second.target);
    const auto target = value != nullptr ? targetOf(*value, family) : std::nullopt;
    if (!target) {
      return targets;
    }
    targets.push_back(*target);
  }
}

SlotsKey slotsKey(const PlannedFamily& family, const PlannedPort& port, TrafficPolicy policy) {
  return {family.family, port.protocol, port.port, policy};
}

const std::vector<Target>* find(const Slots& slots, const SlotsKey& key) {
  const auto at = std::lower_bound(
      slots.begin(), slots.end(), key,
      [](const auto& entry, const SlotsKey& wanted) { return entry.first < wanted; });
  return at != slots.end() && at->first == key ? &at->second : nullptr;
}

LaidOutService layOut(PlannedService plan, const Slots& previous) {
  LaidOutService service{std::move(plan), {}};
  forEachList(service.plan, [&](const auto& family, const auto& port, TrafficPolicy policy) {
    const SlotsKey key = slotsKey(family, port, policy);
    const auto* before = find(previous, key);
    add(service.slots, key,
        assignSlots(before == nullptr ? std::span<const Target>{} : *before,
                    port.route(policy).endpoints));
  });
  return service;
}

bool inOrder(const LaidOutService& service) {
  return std::all_of(service.slots.begin(), service.slots.end(), [](const auto& list) {
    return std::is_sorted(list.second.begin(), list.second.end());
  });
}

Slots slotsIn(const nft::Ruleset& applied, const PlannedService& plan) {
  Slots slots;
  for (const PlannedFamily& family : plan.families) {
    for (const PlannedPort& port : family.ports) {
      for (const Entry& entry : entriesOf(plan, family, port)) {
        const auto map = applied.sets.find(endpointsMap(entry.kind(), family.family));
        if (map != applied.sets.end()) {
          add(slots, slotsKey(family, port, entry.policy),
              targetsAt(map->second.elements, entry, family.family));
        }
      }
    }
  }
  return slots;
}

}  // namespace hitless::rules
