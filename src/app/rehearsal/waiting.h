#pragma once

#include <vector>

#include "app/cluster/api_session.h"
#include "app/cluster/run_dir.h"
#include "core/timeline/event.h"

namespace hitless::app {

/// Every event of the cluster so far, in order of time.
Result<std::vector<timeline::Event>> readTimeline(const ClusterInfo& info);

/// Waits until every node's kernel holds the latest state of the endpoints. Ready pods are not
/// enough: with stock's delays the rules that lead to them come later.
Status awaitRules(ApiSession& api, const ClusterInfo& info, nanoseconds timeout);

/// Waits until the pods in the manifests' namespaces that are terminating now are gone, but those
/// of `cutNodes`: nobody can tell that they have ended.
Status awaitOldPodsGone(ApiSession& api, const std::vector<Manifest>& manifests,
                        const std::vector<std::string>& cutNodes, nanoseconds timeout);

}  // namespace hitless::app
