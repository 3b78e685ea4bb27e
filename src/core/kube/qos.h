#pragma once

#include <string_view>

#include "core/kube/json.h"

namespace hitless::kube {

/// Guaranteed (every container has cpu and memory limits equal to its requests), BestEffort (no
/// container has any), else Burstable.
std::string_view qosClass(const json::object& podSpec);

}  // namespace hitless::kube
