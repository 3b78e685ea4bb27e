#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace hitless::sys {

/// Where an API server is and how to be believed there.
struct KubeConfig {
  std::string host;
  std::uint16_t port = 443;
  std::string caPem;
  std::string token;          ///< Bearer token; may be empty.
  std::string clientCertPem;  ///< Client certificate and key; may be empty.
  std::string clientKeyPem;
  /// A file with a token that is replaced from time to time; what it holds wins over `token`.
  std::string tokenFile = {};
  std::string tlsServerName = {};  ///< Whose certificate to expect; empty: that of `host`.
};

/// Reads a kubeconfig file's current context: server, tls-server-name,
/// certificate-authority(-data), token, tokenFile, client-certificate(-data), client-key(-data).
/// Errors name the file and the key.
Result<KubeConfig> loadKubeconfig(const std::string& path);

/// What Kubernetes gives to a pod so that it finds the API server.
struct PodEnvironment {
  std::string host;  ///< KUBERNETES_SERVICE_HOST
  std::string port;  ///< KUBERNETES_SERVICE_PORT
  /// Holds `token` and `ca.crt` of the pod's service account.
  std::string accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

  /// That of this process.
  static PodEnvironment current();
};

/// The configuration of a program inside a pod; kNotFound if this is no pod.
Result<KubeConfig> inClusterConfig(const PodEnvironment& environment);

/// The kubeconfig if a path is given, else what the pod says.
Result<KubeConfig> findKubeConfig(const std::string& kubeconfig, const PodEnvironment& environment);

}  // namespace hitless::sys
