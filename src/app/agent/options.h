#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "core/drain/gate.h"

namespace hitless::app {

/// What `hitless agent` is told on its command line.
struct AgentOptions {
  std::string nodeName;
  std::string kubeconfig;
  std::string podCidr;   ///< Empty: spec.podCIDR of the own Node.
  std::string timeline;  ///< Empty: none.
  std::uint16_t port = 9470;
  std::vector<std::string> bind;  ///< Empty: 127.0.0.1 and the own Node's InternalIPs.
  nanoseconds minSyncPeriod{};
  drain::GateOptions gate;
};

}  // namespace hitless::app
