#pragma once

#include <string>

#include "core/nft/ruleset.h"
#include "core/policy/explain.h"

namespace hitless::app {

/// The table of NetworkPolicies in this network namespace. kNotFound if there is none.
Result<nft::Ruleset> readPolicyTable();

/// What a node's rules say of a connection that policies have been asked about.
struct KernelAnswer {
  bool allowed = true;
  std::string verdict;             ///< "accept", "reject with tcp reset"
  std::vector<std::string> steps;  ///< The rules on the way, as nft spells them.
  /// Where this is not what policies say; empty: it is. A node judges its own pods only.
  std::string difference;
};
Result<KernelAnswer> askKernel(const nft::Ruleset& table, const policy::Answer& answer);

kube::json::object jsonOf(const KernelAnswer& answer);
std::string textOf(const KernelAnswer& answer);

}  // namespace hitless::app
