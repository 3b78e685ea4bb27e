#pragma once

#include <string>

#include "core/nft/ruleset.h"

/// What the objects of a table refer to, as the kernel checks it.
namespace hitless::nft {

/// The chain that a verdict continues in; nullptr if it names none.
const std::string* targetChain(const Verdict& verdict);
const std::string* targetChain(const ElementValue& value);

/// Whether an element, or a rule of another chain, leads to the chain.
bool chainReferenced(const Ruleset& ruleset, const std::string& name);
/// Whether a rule looks the set up or writes to it.
bool setReferenced(const Ruleset& ruleset, const std::string& name);

/// The graph of jumps from the base chains: 0, ELOOP if there is a loop, or EMLINK if it is too
/// deep.
int checkJumps(const Ruleset& ruleset);

}  // namespace hitless::nft
