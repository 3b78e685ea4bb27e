#pragma once

#include <string>
#include <vector>

#include "core/nft/ruleset.h"
#include "core/rules/laid_out.h"
#include "core/rules/options.h"

namespace hitless::rules {

/// What decides about a service's part of the ruleset besides the service.
struct Surroundings {
  const Options& options;
  /// The Node's addresses: where they are among loadBalancerSourceRanges.
  const std::vector<IpAddress>& nodeAddresses;
};

/// Adds what a service contributes, except to the hairpin sets, which services share: elements,
/// and where it has source ranges or session affinity chains and maps of its own.
void contribute(nft::Ruleset& out, const Surroundings& around, const service::ServiceName& name,
                const LaidOutService& service);
nft::Element hairpinElement(const IpAddress& address);

bool enabled(const Options& options, IpFamily family);

}  // namespace hitless::rules
