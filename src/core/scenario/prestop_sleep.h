#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "core/kube/json.h"

namespace hitless::scenario {

/// What putSleep() did to a pod's manifest.
struct SleepChange {
  std::vector<std::string> containers;  ///< That sleep now.
  std::int64_t grace = 0;               ///< terminationGracePeriodSeconds, as it is now.
  bool graceRaised = false;
};

/// Gives each container of the manifest's pods (of a Pod, or of the template of a workload) a
/// preStop hook that sleeps; 0 takes such a hook away. The grace period is raised where the sleep
/// and `stop`, what the processes need after SIGTERM, would not fit into it. A manifest without
/// pods is left alone. kUnsupported if a container has another preStop hook: it has only room for
/// one.
Result<SleepChange> putSleep(kube::json::object& manifest, seconds sleep, nanoseconds stop);

}  // namespace hitless::scenario
