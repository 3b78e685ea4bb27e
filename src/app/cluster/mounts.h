#pragma once

#include <string>

#include "base/error.h"

namespace hitless::app {

/// Makes the calling process's mount namespace the cluster's own: nothing mounted here is seen
/// outside, /proc shows the cluster's processes, and `stateDir` is a tmpfs that goes with the
/// cluster.
Status mountClusterView(const std::string& stateDir);

/// Takes the tmpfs away again, even while files on it are open.
void unmountState(const std::string& stateDir);

}  // namespace hitless::app
