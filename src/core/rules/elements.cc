#include "core/rules/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Datum;
using service::Outcome;
using service::PlannedPort;
using service::Target;

Datum serviceKey(const PlannedPort& port) {
  Datum key;
  key.address(port.vip).protocol(static_cast<std::uint8_t>(port.protocol)).port(port.port);
  return key;
}

Datum slotKey(const PlannedPort& port, std::uint32_t slot) {
  Datum key = serviceKey(port);
  key.number(slot);
  return key;
}

/// "namespace/name:port", cut to what nft keeps of a comment.
std::string commentFor(const service::ServiceName& name, const PlannedPort& port) {
  constexpr std::size_t kMaxComment = 128;
  std::string text = name.text();
  if (!port.name.empty()) {
    text += ":" + port.name;
  }
  text.resize(std::min(text.size(), kMaxComment));
  return text;
}

std::optional<Target> targetOf(const Datum& value, IpFamily family) {
  const auto bytes = value.bytes();
  const std::size_t size = family == IpFamily::kV4 ? 4 : 16;
  if (bytes.size() < size + 2) {
    return std::nullopt;
  }
  const auto port = static_cast<std::uint16_t>(bytes[size] << 8 | bytes[size + 1]);
  if (family == IpFamily::kV4) {
    const std::uint32_t ip =
        static_cast<std::uint32_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    return Target{IpAddress::v4(ip), port};
  }
  std::array<std::uint8_t, 16> ip{};
  std::copy_n(bytes.begin(), ip.size(), ip.begin());
  return Target{IpAddress::v6(ip), port};
}

void addForwarding(ElementsBySet& out, const service::ServiceName& name, const PlannedPort& port,
                   const std::vector<Target>& slots) {
  const IpFamily family = port.vip.family();
  nft::Elements& endpoints = out[names::serviceEndpoints(family)];
  for (std::uint32_t slot = 0; slot < slots.size(); ++slot) {
    Datum value;
    value.address(slots[slot].ip).port(slots[slot].port);
    endpoints[slotKey(port, slot)] = {value, slot == 0 ? commentFor(name, port) : std::string{}};
  }
}

}  // namespace

void addElements(ElementsBySet& out, const Options& options, const service::ServiceName& name,
                 const LaidOutService& service) {
  const auto enabled = [&](IpFamily family) {
    return std::find(options.families.begin(), options.families.end(), family) !=
           options.families.end();
  };
  for (const IpAddress& vip : service.plan.vips) {
    if (enabled(vip.family())) {
      out[names::clusterIps(vip.family())][Datum().address(vip)] = {};
    }
  }
  for (std::size_t i = 0; i < service.plan.ports.size(); ++i) {
    const PlannedPort& port = service.plan.ports[i];
    if (!enabled(port.vip.family())) {
      continue;
    }
    if (port.outcome == Outcome::kForward) {
      addForwarding(out, name, port, service.slots[i]);
    } else if (port.outcome == Outcome::kDrop) {
      out[names::noLocalEndpoint(port.vip.family())][serviceKey(port)] = {{},
                                                                          commentFor(name, port)};
    }
  }
}

nft::Element hairpinElement(const IpAddress& address) {
  return {Datum().address(address).address(address), {}};
}

std::vector<Target> slotsIn(const nft::Elements& endpoints, const PlannedPort& port) {
  std::vector<Target> slots;
  for (std::uint32_t slot = 0;; ++slot) {
    const auto it = endpoints.find(slotKey(port, slot));
    const auto* value = it == endpoints.end() ? nullptr : std::get_if<Datum>(&it->second.target);
    const auto target = value != nullptr ? targetOf(*value, port.vip.family()) : std::nullopt;
    if (!target) {
      return slots;
    }
    slots.push_back(*target);
  }
}

}  // namespace hitless::rules
