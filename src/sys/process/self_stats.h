#pragma once

#include <cstdint>

namespace hitless::sys {

/// What this process uses, as the process_* metrics of Prometheus' clients; 0 where /proc does not
/// tell.
struct SelfStats {
  double cpuSeconds = 0;  ///< User and system time.
  std::uint64_t residentBytes = 0;
  std::uint64_t virtualBytes = 0;
  std::uint64_t openFds = 0;
  std::uint64_t maxFds = 0;
  double startTimeSeconds = 0;  ///< Since 1970 UTC.
};

SelfStats selfStats();

}  // namespace hitless::sys
