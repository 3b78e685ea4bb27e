#pragma once

#include <memory>
#include <string>

#include "core/load/backend_lookup.h"

namespace hitless::sys {

/// Finds backends in the kernel's connection tracking. `netnsPath` names the network namespace
/// whose tracking sees the connections ("/proc/PID/ns/net"); empty for the thread's own. Without
/// the privilege, what comes back finds nothing and says why.
std::unique_ptr<load::BackendLookup> openConntrackLookup(const std::string& netnsPath);

}  // namespace hitless::sys
