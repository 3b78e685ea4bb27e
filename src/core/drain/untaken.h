#pragma once

#include <cstddef>
#include <optional>

#include "base/ip.h"

namespace hitless::drain {

/// What the kernel holds for a pod's application: connections that it has not accepted, and
/// accepted ones on its listening ports whose bytes it has not read.
class UntakenConnections {
 public:
  virtual ~UntakenConnections() = default;
  /// nullopt if it cannot be told (no process of the pod can be seen).
  virtual std::optional<std::size_t> count(const IpAddress& pod) = 0;
};

}  // namespace hitless::drain
