#pragma once

#include <string_view>

#include "core/kube/json.h"

namespace hitless::kube {

// Discovery documents, all rendered from the resource table. An unknown group or version gives an
// empty object: the caller answers 404.

/// GET /api
json::object apiVersions(std::string_view serverAddress);
/// GET /apis
json::object apiGroupList();
/// GET /apis/GROUP
json::object apiGroup(std::string_view group);
/// GET /api/v1 and /apis/GROUP/VERSION, with subresources (kubectl drain looks for pods/eviction).
json::object apiResourceList(std::string_view group, std::string_view version);
/// APIGroupDiscoveryList of /api (coreGroup) or /apis; `discoveryVersion` is "v2" or "v2beta1".
json::object aggregatedDiscovery(bool coreGroup, std::string_view discoveryVersion);

}  // namespace hitless::kube
