#pragma once

#include <string>
#include <vector>

#include "app/cluster/api_session.h"

namespace hitless::app {

/// Applies manifests in order: namespaces first, then the rest as written.
Status applyAll(ApiSession& api, const std::vector<Manifest>& manifests);

/// Waits until every workload among the manifests is completely rolled out.
Status awaitReady(ApiSession& api, const std::vector<Manifest>& manifests, nanoseconds timeout);

}  // namespace hitless::app
