#pragma once

#include "base/clock.h"
#include "base/error.h"

namespace hitless::app {

/// `--watch`: until it is interrupted, a line for each thing that grows or shrinks, and a line for
/// each finding that comes or goes.
Status watchNode(nanoseconds interval);

}  // namespace hitless::app
