#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "sys/container/child_program.h"
#include "sys/container/fd.h"

namespace hitless::sys {

/// Both ends are closed by exec().
struct Pipe {
  Fd readEnd;
  Fd writeEnd;

  static Result<Pipe> create();
};

/// Reads a child's report: exec() closes the pipe, so its end without a message (nullopt) means
/// that the program runs.
void awaitReport(boost::asio::io_context& io, Fd readEnd,
                 std::function<void(std::optional<ChildFailure>)> done);

}  // namespace hitless::sys
