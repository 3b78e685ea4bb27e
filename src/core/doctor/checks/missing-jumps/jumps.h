#pragma once

#include <span>
#include <string_view>

namespace hitless::doctor {

/// What goes wrong without a jump.
enum class Without {
  kServices,    ///< Connections to services, node ports and host ports fail.
  kPolicy,      ///< Policies are not enforced.
  kForwarding,  ///< Pods' packets fall to the policy of FORWARD.
  kMasquerade,  ///< Pods' packets leave with addresses that nobody can answer.
};

/// A jump that an owner puts into a built-in chain, in all its versions that are in use.
struct Jump {
  std::string_view table;
  std::string_view hook;
  std::string_view chain;
  std::string_view rule;  ///< As iptables-save spells the owner's own.
  bool first = true;      ///< Where the owner puts it.
  Without without = Without::kServices;
};

/// In the order in which missing ones must be put in: of those that go first, the foremost last.
std::span<const Jump> jumps();

}  // namespace hitless::doctor
