#pragma once

#include <string>
#include <vector>

#include "app/agent/proxy_config.h"

namespace hitless::app {

/// Something to tell about a file that is nevertheless fine.
struct ConfigNote {
  bool warning = false;
  std::string text;  ///< "kube-proxy.yaml:7: iptables has no effect: for mode iptables only"
};

/// Reads a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) into `config`. Errors carry
/// `name`:line:column and the key's path, of an unknown key the nearest known one.
Result<std::vector<ConfigNote>> readConfig(const std::string& name, const std::string& yaml,
                                           ProxyConfig& config);

}  // namespace hitless::app
