#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/rng.h"
#include "core/control/action.h"
#include "core/control/store.h"

namespace hitless::control {

/// Writes core/v1 Events. A repeated one counts up the first (count, lastTimestamp), as client-go's
/// recorder does.
class EventRecorder {
 public:
  EventRecorder(Store& store, const Clock& clock, Rng& rng)
      : store_(store), clock_(clock), rng_(rng) {}

  void record(const EmitEvent& event);

  /// Removes events that were last seen longer ago than `age`; kube-apiserver's --event-ttl is 1 h.
  void expire(nanoseconds age);

 private:
  std::string keyOf(const EmitEvent& event, const std::string& ns) const;
  bool countUp(const std::string& ns, const std::string& name);
  std::string create(const EmitEvent& event, const std::string& ns);

  Store& store_;
  const Clock& clock_;
  Rng& rng_;
  std::map<std::string, std::string> names_;  ///< What an event says -> the object that counts it.
};

}  // namespace hitless::control
