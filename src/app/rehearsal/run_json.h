#pragma once

#include "core/kube/json.h"
#include "core/report/rehearsal.h"

namespace hitless::app {

// A run as one JSON object, which the process that carried it out hands to the one that reports.
kube::json::object toJson(const report::ProfileRun& run);
Result<report::ProfileRun> profileRunOf(const kube::json::object& object);

}  // namespace hitless::app
