#include "sys/load/engine.h"

#include "sys/load/channel_engine.h"
#include "sys/load/http1_engine.h"

namespace hitless::sys {

MonoTime startTime(const LoadRun& run, const Clock& clock) {
  const MonoTime now = clock.mono();
  return run.startAt ? std::max(now, now + (*run.startAt - clock.wall())) : now;
}

Result<load::LoadResult> runLoad(const LoadRun& run, const Clock& clock, Rng& rng,
                                 load::BackendLookup& lookup) {
  if (run.spec.protocol != load::Protocol::kHttp1) {
    return runChannelLoad(run, clock, rng, lookup);
  }
  Poller poller = TRY(Poller::open());
  if (run.stopFd >= 0) {
    TRY_VOID(poller.addReadable(run.stopFd, kStopTag));
  }
  return Http1Engine(run, std::move(poller), clock, rng, lookup).run();
}

}  // namespace hitless::sys
