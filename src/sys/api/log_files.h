#pragma once

#include <string>

#include "core/control/pod_log.h"

namespace hitless::sys {

/// The log file of one run of a container below a cluster's directory. The API server and the nodes
/// agree on it: DIRECTORY/NAMESPACE_POD_UID/CONTAINER/RESTARTS.log.
std::string logPath(const std::string& directory, const control::ContainerRun& run);

/// Container logs in files.
class LogFiles : public control::LogSource {
 public:
  explicit LogFiles(std::string directory) : directory_(std::move(directory)) {}
  Result<std::string> read(const control::ContainerRun& run, std::uint64_t offset,
                           std::size_t limit) override;

 private:
  std::string directory_;
};

}  // namespace hitless::sys
