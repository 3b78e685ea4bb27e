#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/iptables/dump.h"

/// Who wrote a rule: known by the names of chains, and by comments and marks where a rule stands in
/// a built-in chain.
namespace hitless::iptables {

struct Owner {
  std::string_view name;  ///< "kube-router"
  /// What runs on a node where it is at work: comm of its processes, as prefix.
  std::span<const std::string_view> processes;
  bool cluster = false;  ///< Part of a cluster's network: Kubernetes' own agents, and CNI plugins.
};

/// nullptr: nobody that is known, so that nobody may touch it. Built-in chains have no owner.
const Owner* ownerOfChain(std::string_view chain);
/// By the chain in which it stands, else by where it leads, else by its comment.
const Owner* ownerOfRule(std::string_view chain, const RuleText& rule);
/// All that are known, in the order of docs/doctor.md.
std::span<const Owner* const> owners();

}  // namespace hitless::iptables
