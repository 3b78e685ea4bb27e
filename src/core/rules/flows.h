#pragma once

#include <vector>

#include "core/conntrack/stale.h"
#include "core/rules/laid_out.h"
#include "core/rules/options.h"

namespace hitless::rules {

/// Adds the addresses of `before` whose flows may be stale with `now`, and those that got their
/// first endpoint.
void addChangedFlows(std::vector<conntrack::Destination>& out, const Options& options,
                     const service::PlannedService& before, const service::PlannedService& now);

/// Adds every address of a service: nobody knows what flows were made before.
void addAllFlows(std::vector<conntrack::Destination>& out, const Options& options,
                 const service::PlannedService& service);

}  // namespace hitless::rules
