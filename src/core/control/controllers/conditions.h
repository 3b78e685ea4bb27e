#pragma once

#include "core/kube/json.h"
#include "core/kube/objects.h"

namespace hitless::control {

/// status.conditions as JSON with one condition set; what we do not know of the others stays. The
/// transition time is kept if the status is the same. For objects whose conditions several writers
/// share: a merge patch replaces the list as a whole.
kube::json::array withCondition(const kube::json::object& object, kube::Condition condition);

}  // namespace hitless::control
