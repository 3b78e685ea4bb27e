#pragma once

#include "base/clock.h"

namespace hitless::departed {

/// For how long a node does what for the address of a pod that goes.
struct Options {
  /// How long a connection to a stable name waits for the pod's successor, from the removal of the
  /// endpoint, and again from the pod's end; 0: not at all.
  nanoseconds park = seconds(10);
  /// How long connections to the old address go to the successor. Clients look a name up again much
  /// sooner: gRPC at most 30 s after its last look-up.
  nanoseconds forward = seconds(120);
  /// How long a dead address is answered for, beside what `park` may have taken.
  nanoseconds tombstone = seconds(60);
  bool operator==(const Options&) const = default;
};

}  // namespace hitless::departed
