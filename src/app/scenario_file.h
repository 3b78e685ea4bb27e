#pragma once

#include <string>

#include "core/scenario/scenario.h"

namespace hitless::app {

/// Reads FOLDER/scenario.yaml.
Result<scenario::Scenario> readScenario(const std::string& folder);

}  // namespace hitless::app
