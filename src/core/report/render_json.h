#pragma once

#include "core/kube/json.h"
#include "core/report/rehearsal.h"

namespace hitless::report {

/// The report for programs, schema hitless.io/rehearsal/v1; docs/rehearse-output.md describes every
/// field.
kube::json::object renderJson(const Rehearsal& rehearsal);

}  // namespace hitless::report
