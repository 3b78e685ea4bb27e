#pragma once

#include <string>
#include <vector>

#include "app/cluster/api_session.h"
#include "app/cluster/run_dir.h"
#include "core/scenario/action.h"
#include "core/timeline/event.h"

namespace hitless::app {

/// A pod that was crashed, and how often its containers had been restarted before.
struct CrashedPod {
  std::string ns;
  std::string name;
  std::string uid;
  std::int64_t restarts = 0;
};

/// SIGKILL to the first process of each container of the pod that the action names or selects.
Result<CrashedPod> crashPod(const scenario::Action& action, const ClusterInfo& info,
                            ApiSession& api, timeline::Sink& timeline);

/// Waits until the pod is ready again after its crash, or another one is in its place.
Status awaitRecovery(ApiSession& api, const CrashedPod& pod, nanoseconds timeout);

/// Takes the node's link to the others up or down, and says so in the timeline.
Status setNodeLink(const ClusterInfo& info, const std::string& node, bool up,
                   timeline::Sink& timeline);

}  // namespace hitless::app
