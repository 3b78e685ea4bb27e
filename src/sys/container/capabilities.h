#pragma once

#include <cstdint>

namespace hitless::sys {

// A bit for each number of linux/capability.h. Async-signal-safe.

/// Nothing that the process executes will get any capability but these. Must run before it changes
/// its user id.
void boundCapabilities(std::uint64_t kept);
/// Gives up every capability but these. Comes after the change of the user id, which may need one
/// that is given up.
void limitCapabilities(std::uint64_t kept);

}  // namespace hitless::sys
