#pragma once

#include <string>

#include "app/doctor/options.h"
#include "base/error.h"

namespace hitless::app {

/// `--fix`: examines, shows the plan, asks, repairs, and examines again. Gives 0 if every step of
/// the plan was done.
Result<int> fixNode(const DoctorOptions& options);
/// `--undo FILE`
Status undoFrom(const std::string& file);

}  // namespace hitless::app
