#pragma once

namespace hitless::sys {

/// Gives up every capability that containers do not have by default (the 14 of Docker and CRI-O),
/// for good. Async-signal-safe; must run before the process changes its user id.
void boundCapabilities();

}  // namespace hitless::sys
