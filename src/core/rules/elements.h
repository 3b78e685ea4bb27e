#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/nft/ruleset.h"
#include "core/rules/options.h"
#include "core/service/plan.h"

namespace hitless::rules {

/// A planned service with its endpoints laid out in slots, one list per planned port.
struct LaidOutService {
  service::PlannedService plan;
  std::vector<std::vector<service::Target>> slots;
  bool operator==(const LaidOutService&) const = default;
};

using ElementsBySet = std::map<std::string, nft::Elements>;

/// The elements that a service contributes, except to the hairpin sets, which services share.
void addElements(ElementsBySet& out, const Options& options, const service::ServiceName& name,
                 const LaidOutService& service);
nft::Element hairpinElement(const IpAddress& address);

/// The endpoints of a service port as the endpoints map of its family holds them, by slot.
std::vector<service::Target> slotsIn(const nft::Elements& endpoints,
                                     const service::PlannedPort& port);

}  // namespace hitless::rules
