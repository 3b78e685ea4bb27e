#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "sys/container/fd.h"

namespace hitless::sys {

/// Carries a container's output into its log file, in CRI format, until every process of the
/// container has closed it.
class LogFile {
 public:
  /// Makes the directories of `path` and both pipes.
  static Result<LogFile> open(boost::asio::io_context& io, const Clock& clock,
                              const std::string& path);

  /// The container's ends; close them (by dropping this object) once the container has its copies.
  int outputFd() const { return output_.get(); }
  int errorFd() const { return error_.get(); }

 private:
  Fd output_;
  Fd error_;
};

}  // namespace hitless::sys
