#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/doctor/finding.h"
#include "core/doctor/rule_tables.h"

/// Rules that an older iptables has written back without a part of what a newer one had put in.
namespace hitless::doctor {

struct Lossy {
  const iptables::RuleText* rule = nullptr;
  std::string what;    ///< "without its mark"
  std::string intact;  ///< The rule as it should be, if it stands in the chain, too.
  Severity severity = Severity::kWarning;
};

/// By what rules of this chain always have: a mark, a port, a network.
std::vector<Lossy> lossyByShape(const iptables::Chain& chain);
/// By a rule of the chain that says the same but for a mark, a port or a prefix length.
std::vector<Lossy> lossyBySibling(const iptables::Chain& chain);

}  // namespace hitless::doctor
