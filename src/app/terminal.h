#pragma once

#include "base/error.h"

namespace hitless::app {

/// 0, or 1 after printing "hitless: <error>" to standard error.
int exitStatus(const Status& status);

}  // namespace hitless::app
