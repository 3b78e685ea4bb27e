#pragma once

#include <functional>
#include <string>

#include "app/agent/service_plane.h"
#include "base/clock.h"
#include "base/rng.h"
#include "sys/kube/client.h"

namespace hitless::app {

/// Shows what an agent that started now would do to the packet rules: reads the cluster once and
/// the kernel, prints the transaction as nft commands, changes nothing. Where the kernel may not be
/// read, it shows the rules of an empty machine, and says so.
class DryRun {
 public:
  struct Parts {
    boost::asio::io_context& io;
    sys::KubeClient& client;
    Clock& clock;
    Rng& rng;
  };

  DryRun(Parts parts, PlaneOptions options) : parts_(parts), options_(std::move(options)) {}

  /// Runs `io`. kUnavailable if the cluster has not been read after `patience`.
  Result<std::string> run(nanoseconds patience);

 private:
  Parts parts_;
  PlaneOptions options_;
};

}  // namespace hitless::app
