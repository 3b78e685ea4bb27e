#pragma once

#include "base/clock.h"

namespace hitless::departed {

/// What a node does for the address of a pod that goes, and for how long.
struct Options {
  /// How long a connection to a stable name waits for the pod's successor, from the removal of the
  /// endpoint, and again from the pod's end; 0: not at all.
  nanoseconds park = seconds(10);
  /// How long connections to the old address go to the successor. Clients look a name up again much
  /// sooner: gRPC at most 30 s after its last look-up.
  nanoseconds forward = seconds(120);
  /// How long a dead address is answered for, beside what `park` may have taken.
  nanoseconds tombstone = seconds(60);
  /// Whether new connections that other nodes still send to a pod that goes are led to another
  /// endpoint.
  bool secondChance = true;
  bool operator==(const Options&) const = default;
};

}  // namespace hitless::departed
