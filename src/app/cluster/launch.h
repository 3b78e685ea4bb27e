#pragma once

#include <string>

#include "app/cluster/run_dir.h"
#include "base/error.h"
#include "core/scenario/profile.h"

namespace hitless::app {

struct LaunchOptions {
  std::string name = "default";
  scenario::Profile profile;
  int nodes = 1;
  std::uint16_t apiPort = 0;  ///< On 127.0.0.1; 0 = 6443 if it is free, else any.
  bool attached = false;      ///< The cluster ends with the calling process.
};

/// Starts an embedded cluster and returns when its API answers and its nodes are Ready. Process
/// tree:
///
///     caller
///       monitor            outside; waits for the cluster and removes its run directory
///         init             process 1 of the cluster: API server, controllers
///           node-1 ...     one network namespace each
///
/// Every process below init dies with it, and with them all namespaces, interfaces and mounts.
Result<ClusterInfo> launch(const LaunchOptions& options);

/// Stops a cluster and waits until nothing of it is left.
Status stopCluster(const ClusterInfo& info);

}  // namespace hitless::app
