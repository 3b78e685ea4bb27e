#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Linux' capabilities of a container, a bit for each number of linux/capability.h.
namespace hitless::node {

using Capabilities = std::uint64_t;

/// Those that containers have if nothing is said: the 14 of Docker and CRI-O.
Capabilities defaultCapabilities();

/// As securityContext.capabilities adds to and drops from those: "NET_ADMIN", "CAP_NET_ADMIN" or
/// "ALL"; what is added stays if it is dropped with all. Names that Linux does not have count for
/// nothing.
Capabilities capabilitiesOf(const std::vector<std::string>& add,
                            const std::vector<std::string>& drop);

}  // namespace hitless::node
