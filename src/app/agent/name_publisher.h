#pragma once

#include "core/service/snapshot.h"

namespace hitless::app {

/// Who tells the names of Services. It is called around each commit of the packet rules, so that a
/// name never stands without them: what goes is withdrawn before, what comes is published after.
class NamePublisher {
 public:
  virtual ~NamePublisher() = default;
  /// Takes back what `snapshot` does not have any more. `changes`: which Services may differ.
  virtual void withdraw(const service::Snapshot& snapshot, const service::Changes& changes) = 0;
  /// The rules of what was last withdrawn for are in the kernel.
  virtual void publish(const service::Snapshot& snapshot) = 0;
};

}  // namespace hitless::app
