#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "app/cluster/addresses.h"
#include "base/error.h"
#include "sys/netlink/link.h"
#include "sys/process/namespaces.h"

namespace hitless::app {

/// The bridge's end of a node's link; index counts from 1.
inline std::string fabricPort(int index) {
  return "port" + std::to_string(index);
}

/// The wire between the nodes: a bridge in the cluster's own network namespace, where the control
/// plane listens, and a veth pair to each node's namespace.
class Fabric {
 public:
  /// Brings up lo and the bridge in the calling process's network namespace.
  static Result<Fabric> create(const Addresses& addresses);

  /// Starts `argv` as node `index` in a network namespace of its own, with lo, eth0 and its routes
  /// up before the program begins. Standard output and error go to `logPath`.
  Result<sys::ChildProcess> startNode(int index, const std::vector<std::string>& argv,
                                      const std::string& logPath);

 private:
  Fabric(Addresses addresses, sys::Links links) : addresses_(addresses), links_(std::move(links)) {}
  Status attach(int index, pid_t node);

  Addresses addresses_;
  sys::Links links_;
};

}  // namespace hitless::app
