#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "core/kube/json.h"
#include "core/report/rehearsal.h"

namespace hitless::report {

/// What was seen from outside while a program of a scenario's own made a load.
struct ForeignRun {
  std::string name;    ///< Of the load.
  std::string client;  ///< "python3 client.py"
  WallTime started{};
  WallTime ended{};
};

/// Reads the result of such a program: hitless.io/load/v1, of which it may leave out whatever
/// follows from the rest (docs/scenarios.md). kInvalid, about the load, if the counts contradict
/// each other: a report must not guess.
Result<NamedLoad> foreignLoad(const ForeignRun& run, kube::json::object result);

}  // namespace hitless::report
