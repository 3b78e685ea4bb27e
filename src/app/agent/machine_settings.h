#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/agent/proxy_config.h"

namespace hitless::app {

/// One file below /proc/sys/net/netfilter.
struct ConntrackSetting {
  std::string name;
  std::int64_t value = 0;
  bool raiseOnly = false;  ///< A larger value that is there already stays.
  bool operator==(const ConntrackSetting&) const = default;
};

/// What to write for a configuration on a machine with so many CPUs, as kube-proxy does.
std::vector<ConntrackSetting> conntrackSettings(const ConntrackConfig& config, unsigned cpus);

/// Sets what the configuration says of the machine and of this process. What is not permitted (in
/// a container, or in a network namespace that the machine's settings are not shown to) is logged,
/// no error.
void applyMachineSettings(const ProxyConfig& config);

}  // namespace hitless::app
