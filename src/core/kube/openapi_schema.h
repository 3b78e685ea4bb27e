#pragma once

#include <string>

#include "core/kube/json.h"
#include "core/kube/resource.h"
#include "core/kube/schema.h"

namespace hitless::kube {

/// components.schemas of an OpenAPI v3 document: the kind and every message it reaches, added to
/// what is there already.
void addSchemas(const Resource& resource, json::object& schemas);

}  // namespace hitless::kube
