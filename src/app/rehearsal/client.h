#pragma once

#include <string>
#include <vector>

#include "app/cluster/api_session.h"
#include "app/cluster/run_dir.h"
#include "app/rehearsal/profile_run.h"
#include "sys/process/namespaces.h"

namespace hitless::app {

/// A `hitless load` that runs in a node's network.
class LoadClient {
 public:
  /// Starts the load on `node`. The Service that the URL names is looked up in the API.
  static Result<LoadClient> start(const ClusterInfo& info, ApiSession& api, const std::string& node,
                                  const scenario::LoadLine& line, const std::string& workDir);

  /// Lets it finish what it has begun, and reads what it saw.
  Result<report::NamedLoad> stop();

 private:
  LoadClient(std::string name, std::string output, sys::ChildProcess process)
      : name_(std::move(name)), output_(std::move(output)), process_(process) {}

  std::string name_;
  std::string output_;
  sys::ChildProcess process_;
};

/// "web.default:80" -> the ClusterIP of Service web in namespace default. A bare "web" is in
/// default; an address stays as it is.
Result<std::string> resolveService(ApiSession& api, const std::string& host);

}  // namespace hitless::app
