#pragma once

#include <string>
#include <string_view>

#include "core/kube/json.h"

namespace hitless::kube {

/// GET /openapi/v3: the documents there are, each with a content hash in its URL.
json::object openApiV3Index();
/// GET /openapi/v3/api/v1 and /openapi/v3/apis/GROUP/VERSION; empty if there is no such document.
/// Schemas come from the schema table, with the patch annotations that kubectl merges by.
json::object openApiV3(std::string_view group, std::string_view version);
/// GET /openapi/v2 as gnostic openapi.v2.Document in protobuf. It says "swagger 2.0" and no more:
/// kubectl older than 1.27 needs it to exist, and then asks no further. Its media type is
/// application/com.github.proto-openapi.spec.v2.v1.0+protobuf.
std::string openApiV2Protobuf();

}  // namespace hitless::kube
