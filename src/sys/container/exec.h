#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "sys/container/child.h"

namespace hitless::sys {

struct ExecConfig {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string workingDir;
  std::optional<nanoseconds> timeout;  ///< None: as long as it takes.
};

struct ExecResult {
  ChildExit exit;
  std::string output;  ///< stdout and stderr, the first 10 KiB.
  bool timedOut = false;
};

/// A command that runs inside a container for a probe or a hook.
class Execution {
 public:
  virtual ~Execution() = default;
  /// Kills the command; its `done` is not called any more.
  virtual void cancel() = 0;
};

/// Runs a command in the namespaces of a running container. `done` is called once, never from
/// inside the call. Errors are those of starting it; an exit code is a result.
std::shared_ptr<Execution> execIn(boost::asio::io_context& io, int containerPidfd,
                                  const ExecConfig& config,
                                  std::function<void(Result<ExecResult>)> done);

}  // namespace hitless::sys
