#pragma once

#include "core/kube/json.h"

namespace hitless::webhook {

/// The JSON Patch (RFC 6902) that makes `after` of `before`. List items are compared by place:
/// what was inserted in the middle reads as changes of all that follow.
kube::json::array patchBetween(const kube::json::value& before, const kube::json::value& after);

}  // namespace hitless::webhook
