#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "sys/container/child.h"
#include "sys/container/container_config.h"

namespace hitless::sys {

/// Starts a container: a process of its own pid and mount namespaces in the sandbox's other ones.
/// The program itself is process 1 there, so one without a handler for SIGTERM ignores it, as in
/// every container. It dies with the calling process. `done` is called once, never from inside the
/// call, when the program has replaced the child or could not; the error names the step that
/// failed.
void startContainer(boost::asio::io_context& io, const ContainerConfig& config, int outputFd,
                    int errorFd, std::function<void(Result<std::shared_ptr<Child>>)> done);

}  // namespace hitless::sys
