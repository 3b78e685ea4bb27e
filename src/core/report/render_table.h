#pragma once

#include <string>

#include "core/report/rehearsal.h"

namespace hitless::report {

/// What the terminal can show.
struct Style {
  bool colour = false;  ///< ANSI colours, for a terminal.
  bool unicode = true;  ///< Light box drawing, else plain ASCII.
};

/// The report for people: the profiles side by side, why requests were lost, what happened to each
/// old pod, and the verdict. At most 100 columns.
std::string renderTable(const Rehearsal& rehearsal, Style style);

}  // namespace hitless::report
