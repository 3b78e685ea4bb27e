#pragma once

#include "core/kube/json.h"
#include "core/report/pods.h"

namespace hitless::report {

/// One entry of a profile's "pods".
kube::json::object podToJson(const PodHistory& pod);

}  // namespace hitless::report
