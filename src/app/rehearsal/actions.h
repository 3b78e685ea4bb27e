#pragma once

#include "app/cluster/api_session.h"
#include "app/cluster/run_dir.h"
#include "app/rehearsal/faults.h"
#include "core/scenario/action.h"

namespace hitless::app {

/// What the actions did that a rehearsal has to take into account when it waits for the end.
struct Aftermath {
  std::vector<CrashedPod> crashed;
  std::vector<std::string> cutNodes;  ///< And not mended.
};

/// Carries one action out. It returns when the API (or the kernel) has taken it, not when it is
/// over.
Status perform(const scenario::Action& action, const ClusterInfo& info, ApiSession& api,
               timeline::Sink& timeline, Aftermath& aftermath);

}  // namespace hitless::app
