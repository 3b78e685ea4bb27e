#pragma once

#include <string>
#include <vector>

#include "core/nft/ruleset.h"
#include "core/policy/policies.h"
#include "core/rules/match.h"

/// One NetworkPolicy, or one list of them, as chains and sets.
namespace hitless::rules {

inline constexpr std::array<IpFamily, 2> kPolicyFamilies = {IpFamily::kV4, IpFamily::kV6};
inline constexpr std::array<policy::Direction, 2> kPolicyDirections = {policy::Direction::kIngress,
                                                                       policy::Direction::kEgress};

/// Which chain isolates pods that these policies, and no others, isolate.
std::string isolationChainName(policy::Direction direction, IpFamily family,
                               const std::vector<policy::PolicyKey>& policies);
/// The chain: theirs one after the other.
nft::Chain isolationChain(policy::Direction direction, IpFamily family,
                          const std::vector<policy::PolicyKey>& policies);

/// Adds a chain for each direction and family of the policy, and the sets that its rules ask, as
/// far as they are missing: those of selectors and port names empty, others with all they hold.
void addPolicy(nft::Ruleset& out, const policy::Policy& policy);

/// The sets that pods are in.
std::string peerSetName(const std::string& selectorId, IpFamily family);
std::string portSetName(const std::string& portName, IpFamily family);

/// Ends a direction's judgement for good.
Exprs accept(policy::Direction direction);
/// Notes on the connection that both directions have allowed it.
Exprs markJudged();
nft::Ct originalSource(IpFamily family, std::uint8_t word = 0);
nft::Ct replySource(IpFamily family, std::uint8_t word = 0);
nft::FieldType addressType(IpFamily family);

}  // namespace hitless::rules
