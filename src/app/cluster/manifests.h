#pragma once

#include <string>
#include <vector>

#include "core/kube/json.h"

namespace hitless::app {

/// One object of a manifest file.
struct Manifest {
  kube::json::object object;
  std::string source;  ///< "deployment.yaml:7"
};

/// Reads manifests from files and from folders (*.yaml, *.yml, *.json in name order, but
/// scenario.yaml). Lists (kind List) are taken apart. Errors name the file and line.
Result<std::vector<Manifest>> readManifests(const std::vector<std::string>& paths);

}  // namespace hitless::app
