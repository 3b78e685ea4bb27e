#pragma once

#include "app/explain/objects.h"
#include "core/service/explain.h"

namespace hitless::app {

/// Where the connection begins, and the node whose rules it meets.
struct Standpoint {
  service::NodeView node;
  service::Source source;
};

/// From --from and --node. kNotFound if they name what is not there.
Result<Standpoint> standpoint(const ExplainOptions& options, const ExplainedCluster& cluster);

}  // namespace hitless::app
