#pragma once

#include <sys/types.h>

#include <map>

#include "core/drain/untaken.h"

namespace hitless::sys {

/// Looks into a pod's sockets through /proc of one of its processes. Sees what this process sees:
/// on a real cluster that takes the host's pid namespace.
class PodSockets : public drain::UntakenConnections {
 public:
  std::optional<std::size_t> count(const IpAddress& pod) override;

 private:
  std::map<IpAddress, pid_t> known_;  ///< A process of the pod that had the address last.
};

}  // namespace hitless::sys
