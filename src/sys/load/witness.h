#pragma once

#include <string>

#include "core/load/recorder.h"
#include "sys/load/pool.h"

/// Writes down what is known of a failed request while its connection is still open.
namespace hitless::sys {

class Witness {
 public:
  Witness(std::size_t requestSize, load::BackendLookup& lookup)
      : requestSize_(requestSize), lookup_(lookup) {}

  /// A connection works: from it the lookup learns whether connections are tracked here at all.
  void confirm(const PooledConnection& channel);

  /// The failure of the request on `channel`, which the kernel reports as `symptom`.
  load::Failure fail(const PooledConnection& channel, const load::Symptom& symptom,
                     const load::Recorder& recorder, MonoTime now);
  /// The failure of a request that was answered, but not as it should be.
  load::Failure answered(const PooledConnection& channel, load::Cause cause,
                         const load::Recorder& recorder, MonoTime now);

 private:
  void locate(const PooledConnection& channel, const load::Symptom& symptom,
              load::Failure& failure);

  std::size_t requestSize_;
  load::BackendLookup& lookup_;
  bool confirmed_ = false;
};

}  // namespace hitless::sys
