#pragma once

#include <string>

#include "base/error.h"

namespace hitless::sys {

struct KubeconfigContent {
  std::string name = "hitless";  ///< Of cluster, user and context.
  std::string serverUrl;
  std::string caPem;
  std::string token;  ///< May be empty.
};

/// Writes a kubeconfig that only its owner can read (mode 0600).
Status writeKubeconfig(const std::string& path, const KubeconfigContent& content);

}  // namespace hitless::sys
