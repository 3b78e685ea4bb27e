#include "app/agent/metrics.h"

namespace hitless::app {

void AgentMetrics::observeGate(const std::string& reason, nanoseconds waited) {
  gateSeconds.try_emplace(reason, 0.001, 2, 16).first->second.observe(waited);
}

}  // namespace hitless::app
