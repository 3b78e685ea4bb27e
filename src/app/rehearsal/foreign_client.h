#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "core/scenario/scenario.h"

namespace hitless::app {

/// How a program of a scenario is started. `folder` is the scenario's, absolute: it is the working
/// directory, and a program that is found there is run from there; else it is one of PATH.
Result<std::vector<std::string>> clientCommand(const std::vector<std::string>& client,
                                               const std::string& folder);

/// Runs the program with HITLESS_CHECK=1: it looks for what it needs and exits at once. Status 77
/// becomes kUnsupported with the reason it gave, any other but 0 kInvalid.
Status checkClient(const scenario::LoadLine& line, const std::string& folder);

}  // namespace hitless::app
