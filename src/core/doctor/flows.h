#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/conntrack/flow.h"

/// evidence_names.h kFlows.
namespace hitless::doctor {

struct Flows {
  std::vector<conntrack::Flow> flows;  ///< Without ids and labels.
  /// More were there than were read: the rest is not known.
  bool cut = false;
  bool operator==(const Flows&) const = default;
};

std::string renderFlows(const Flows& flows);
/// Entries that are none are left out.
Result<Flows> parseFlows(std::string_view json);

}  // namespace hitless::doctor
