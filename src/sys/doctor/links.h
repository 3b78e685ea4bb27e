#pragma once

#include <string>

#include "base/error.h"
#include "core/doctor/links.h"

namespace hitless::sys {

/// How much is read of what can be large.
struct NetworkLimits {
  std::size_t routes = 20'000;      ///< Of each family.
  std::size_t neighbours = 20'000;  ///< Of both.
  std::size_t processes = 20'000;   ///< Looked at for the namespaces that they are in.
};

/// What the network namespace that the thread is in looks like. Needs no privilege; without it the
/// namespaces of other people's processes stay unknown (Network::namespacesWhole).
Result<doctor::Network> readNetwork(const NetworkLimits& limits = {});

/// The namespaces that processes are in, and those with names in /run/netns, with the kernel's
/// numbers for them (Interface::peerNetns).
Status readNamespaces(const NetworkLimits& limits, doctor::Network& into);

/// Evidence doctor::names::kLinks.
Result<std::string> linksEvidence();

}  // namespace hitless::sys
