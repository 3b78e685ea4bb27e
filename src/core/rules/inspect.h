#pragma once

#include <string>
#include <vector>

#include "core/nft/ruleset.h"
#include "core/rules/slot_keys.h"
#include "core/service/plan.h"

/// What a table says of a service, without knowing the service: elements carry its name as comment.
namespace hitless::rules {

struct HeldAddress {
  std::string address;  ///< As service::ExplainedAddress has it: "10.96.0.10:80/TCP".
  View view = View::kOwn;
  service::Outcome outcome = service::Outcome::kForward;
  std::vector<service::Target> endpoints;  ///< Sorted.
  bool operator==(const HeldAddress&) const = default;
};

/// The addresses of a service that the table has endpoints or a verdict for; sorted by address.
/// Cluster IPs without endpoints are held as a set without names, so they are not among them.
std::vector<HeldAddress> heldFor(const nft::Ruleset& applied, const service::ServiceName& name);

}  // namespace hitless::rules
