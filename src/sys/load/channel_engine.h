#pragma once

#include "sys/load/engine.h"

namespace hitless::sys {

/// runLoad() for the protocols that have channels: HTTP/2 and gRPC.
Result<load::LoadResult> runChannelLoad(const LoadRun& run, const Clock& clock, Rng& rng,
                                        load::BackendLookup& lookup);

}  // namespace hitless::sys
