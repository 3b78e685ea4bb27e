#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::proxy::routing {

struct ManifestObject {
  const kube::Resource* resource;  ///< One of routeKinds().
  kube::ObjectPtr object;          ///< With the API server's defaults.
};

/// The objects of a YAML stream, as an API server would take them: checked, with defaults, in
/// namespace "default" if they name none. Lists (kind: List) are unfolded. Errors name file, line
/// and object.
Result<std::vector<ManifestObject>> manifestObjects(std::string_view text, std::string_view file);

}  // namespace hitless::proxy::routing
