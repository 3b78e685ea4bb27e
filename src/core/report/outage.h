#pragma once

#include <string>
#include <vector>

#include "core/load/result.h"
#include "core/report/facts.h"

namespace hitless::report {

/// A part of a reconnect.
struct OutagePhase {
  enum class Kind { kDial, kWait };
  Kind kind = Kind::kDial;
  WallTime begin{};
  nanoseconds duration{0};
  std::string text;  ///< "dialled 10.1.0.5 (default/web-0, dead for 12 s): connect timed out"
};

/// One time in which a channel was not connected, told from its failures.
struct OutageStory {
  load::Reconnect reconnect;
  std::vector<OutagePhase> phases;  ///< Those that requests saw, in order of time.
  std::string text;                 ///< "reconnect took 25.3 s: dialled ... 20 s; back-off 4.1 s"
};

/// A load's reconnects, the longest first.
std::vector<OutageStory> outagesOf(const load::LoadResult& result, const Facts& facts);

}  // namespace hitless::report
