#pragma once

#include <sys/types.h>

#include <string>

#include "app/cluster/run_dir.h"

namespace hitless::app {

/// The pid, as the caller sees it, of the process that is node `name` of a cluster.
Result<pid_t> nodeProcess(const ClusterInfo& info, const std::string& name);

/// The pid of the agent on a node.
Result<pid_t> agentProcess(const ClusterInfo& info, const std::string& node);

}  // namespace hitless::app
