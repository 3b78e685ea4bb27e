#pragma once

#include "app/doctor/options.h"
#include "core/doctor/examine.h"

namespace hitless::app {

struct Examined {
  doctor::Evidence evidence;
  doctor::Examination examination;
  nanoseconds took{};
};

/// Collects from this node, or reads the bundle, and runs the chosen checks.
Result<Examined> examineNode(const DoctorOptions& options);
/// Prints the report; gives doctor::exitStatus().
int printReport(const Examined& examined, bool json);
/// Collects what the chosen checks need and writes it down.
Status writeBundleOf(const DoctorOptions& options);

}  // namespace hitless::app
