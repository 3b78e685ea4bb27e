#pragma once

#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

/// Brings an object into the form in which the API server stores it: nulls and empty collections
/// dropped, v1 defaults filled in (those of the schema table, then those that depend on other
/// fields), deprecated twins mirrored. Idempotent. Never fails: what is wrong is left as it is for
/// checkTypes and the validators.
///
/// It assigns nothing that needs the cluster's state (uid, clusterIP, serviceAccountName).
void applyDefaults(const Resource& resource, json::object& object);

}  // namespace hitless::kube
