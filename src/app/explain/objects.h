#pragma once

#include <string>
#include <vector>

#include "core/kube/objects.h"
#include "core/service/snapshot.h"

namespace hitless::app {

/// What `hitless explain service` is told.
struct ExplainOptions {
  std::string service;  ///< "[NAMESPACE/]NAME[:PORT]"
  std::string ns = "default";
  std::string from = "pod";
  std::string node;
  std::vector<std::string> files;
  std::string kubeconfig;
  std::string proxyName;
  bool kernel = false;
  std::string output = "text";
};

struct WantedService {
  service::ServiceName name;
  std::string port;  ///< Name or number; empty: all.
};
WantedService wantedService(const ExplainOptions& options);

/// What is explained, whatever it was read from.
struct ExplainedCluster {
  service::ServiceState state;
  service::NodeNames names;
  std::vector<kube::Node> nodes;
  std::vector<kube::Pod> pods;
};

/// --kubeconfig, else $KUBECONFIG, else the running embedded cluster's; kNotFound without any.
Result<std::string> explainedKubeconfig(const ExplainOptions& options);
/// From the manifests given, else from the API.
Result<ExplainedCluster> readCluster(const ExplainOptions& options, const WantedService& wanted);

}  // namespace hitless::app
