#pragma once

#include <string>

#include "app/cluster/launch.h"

namespace hitless::app {

struct InitOptions {
  LaunchOptions launch;
  std::string runDir;
  int apiFd = -1;    ///< Listens on the host's 127.0.0.1.
  int readyFd = -1;  ///< Gets one JSON line, {"ready":true} or {"error":...}, and is closed.
};

/// The life of a cluster's process 1. Returns the exit status.
int runInit(const InitOptions& options);

}  // namespace hitless::app
