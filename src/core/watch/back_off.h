#pragma once

#include "base/clock.h"
#include "base/rng.h"

namespace hitless::watch {

/// How long to wait before the next attempt: nothing after the first failure in a row, then twice
/// as long each time, up to half a minute; and always at random, so that the nodes of a cluster do
/// not come back in step.
class BackOff {
 public:
  /// Counts a failure. A `busy` server is waited for at the first one already.
  nanoseconds failed(Rng& rng, bool busy);
  void succeeded() { failures_ = 0; }

 private:
  int failures_ = 0;
};

}  // namespace hitless::watch
