#pragma once

#include "app/cluster/api_session.h"
#include "app/cluster/run_dir.h"
#include "base/clock.h"
#include "core/scenario/action.h"

namespace hitless::app {

/// Carries one action out. It returns when the API (or the kernel) has taken it, not when it is
/// over.
Status perform(const scenario::Action& action, const ClusterInfo& info, ApiSession& api,
               WallTime now);

}  // namespace hitless::app
