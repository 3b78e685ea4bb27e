#pragma once

#include <string>

#include "core/report/rehearsal.h"

namespace hitless::report {

/// Everything that happened in every profile's run, and what became of requests, as JSON lines in
/// order of time; docs/timeline.md describes them.
std::string timelineFile(const Rehearsal& rehearsal);

}  // namespace hitless::report
