#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/nft/walk.h"
#include "core/policy/evaluate.h"

/// Whether the rules of NetworkPolicies that are in the kernel do what they are there for.
namespace hitless::rules {

/// The way of a connection's first packet through a node's table; both ends have an address, of one
/// family. kInvalid if not.
Result<nft::WalkOutcome> walkPolicies(const nft::Ruleset& table,
                                      const policy::Connection& connection);

/// What a node's table should say of a connection: the sender's policies are judged on the sender's
/// node, the receiver's on the receiver's.
bool allowedOn(const std::string& node, const policy::Evaluator& evaluator,
               const policy::Connection& connection);

struct PolicyAudit {
  /// What it would take to make the table as planned, the first few in words.
  std::size_t operations = 0;
  std::vector<std::string> differences;
  /// How many connections were sampled, and, each once, about which the table says another thing
  /// than the evaluator.
  std::size_t sampled = 0;
  std::vector<std::string> mismatches;

  bool clean() const { return operations == 0 && mismatches.empty(); }
};

/// Compares a node's table with the plan, and with the evaluator on connections between pods, some
/// of them of the node, and from and to elsewhere.
PolicyAudit auditPolicies(const nft::Ruleset& present, const nft::Ruleset& wanted,
                          const policy::Evaluator& evaluator, const std::string& node, Rng& rng,
                          std::size_t samples);

}  // namespace hitless::rules
