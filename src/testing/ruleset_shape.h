#pragma once

#include <map>
#include <set>
#include <string>

#include "core/nft/ruleset.h"
#include "core/rules/dispatch.h"

namespace hitless::testing {

/// A ruleset without what depends on history: which endpoint is in which slot. Everything else must
/// be the same whichever way a state was reached.
struct RulesetShape {
  nft::Ruleset rest;
  /// Endpoints map -> service port and view -> endpoints.
  std::map<std::string, std::map<std::string, std::multiset<std::string>>> endpoints;
  bool gaps = false;  ///< Whether any list of slots has a gap.
  bool operator==(const RulesetShape&) const = default;
};

inline RulesetShape shapeOf(nft::Ruleset ruleset) {
  using rules::PortKind;
  RulesetShape shape;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    for (const PortKind kind : {PortKind::kAddress, PortKind::kNodePort}) {
      const std::string name = rules::endpointsMap(kind, family);
      const auto map = ruleset.sets.find(name);
      if (map == ruleset.sets.end()) {
        continue;
      }
      std::map<std::string, std::uint32_t> highest;
      for (const auto& [key, value] : map->second.elements) {
        const auto bytes = key.bytes();
        std::uint32_t slot = 0;
        std::memcpy(&slot, bytes.data() + bytes.size() - 4, 4);
        const std::uint32_t view = slot >> 20U;
        const std::string port =
            std::string(bytes.begin(), bytes.end() - 4) + static_cast<char>('0' + view);
        const auto target = std::get<nft::Datum>(value.target).bytes();
        shape.endpoints[name][port].emplace(target.begin(), target.end());
        highest[port] = std::max(highest[port], slot & 0xfffffU);
      }
      for (const auto& [port, last] : highest) {
        shape.gaps = shape.gaps || shape.endpoints[name][port].size() != last + 1;
      }
      map->second.elements.clear();
    }
  }
  for (auto& [name, set] : ruleset.sets) {
    if (set.spec.dynamic) {
      set.elements.clear();
    }
  }
  shape.rest = std::move(ruleset);
  return shape;
}

}  // namespace hitless::testing
