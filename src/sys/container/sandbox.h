#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "sys/container/fd.h"

namespace hitless::sys {

/// The namespaces that the containers of one pod share: network, IPC and host name. They are held
/// by file descriptors alone, without a process, so they end with the node whatever happens to it.
class Sandbox {
 public:
  /// Makes the namespaces and calls `inside` while the calling, single-threaded process is in them
  /// (to bring interfaces up). With `hostNetwork` the pod keeps the caller's network and host name.
  static Result<Sandbox> create(const std::string& hostname, bool hostNetwork,
                                const std::function<Status()>& inside);

  /// -1 for a pod in the host's network.
  int network() const { return network_.get(); }
  int ipc() const { return ipc_.get(); }
  int uts() const { return uts_.get(); }

  /// Calls `inside` in the sandbox's network namespace and returns to the caller's.
  Status enterNetwork(const std::function<Status()>& inside) const;

 private:
  Fd network_;
  Fd ipc_;
  Fd uts_;
};

}  // namespace hitless::sys
