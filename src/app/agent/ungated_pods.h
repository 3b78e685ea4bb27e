#pragma once

#include <set>
#include <string>

#include "app/agent/event_writer.h"
#include "core/watch/update.h"

namespace hitless::app {

/// Tells of the node's pods that keep preStop hooks of their own, in an Event of the pod: at
/// admission it had no name yet to which one could be written.
class UngatedPods {
 public:
  explicit UngatedPods(EventWriter& events) : events_(events) {}

  void apply(const watch::Update& pods);

 private:
  EventWriter& events_;
  std::set<std::string> told_;  ///< by UID
};

}  // namespace hitless::app
