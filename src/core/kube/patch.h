#pragma once

#include "base/error.h"
#include "core/kube/json.h"
#include "core/kube/resource.h"

namespace hitless::kube {

/// RFC 6902. As the API server does, `remove` of a path that does not exist is not an error.
/// kConflict: a `test` failed; kInvalid: anything else wrong with the patch.
Result<json::value> applyJsonPatch(json::value document, const json::value& patch);

/// RFC 7386.
void applyMergePatch(json::value& document, const json::value& patch);

/// Kubernetes' strategic merge patch: maps merge, lists merge by the schema's merge key or are
/// replaced; directives $patch (replace, delete, merge), $deleteFromPrimitiveList/F,
/// $setElementOrder/F and $retainKeys.
Result<json::object> applyStrategicMerge(const Resource& resource, json::object document,
                                         const json::object& patch);

}  // namespace hitless::kube
