#pragma once

#include <string>
#include <vector>

#include "app/cluster/api_session.h"
#include "app/cluster/run_dir.h"
#include "core/report/rehearsal.h"
#include "core/scenario/scenario.h"
#include "sys/process/namespaces.h"

namespace hitless::app {

/// Where loads run: in the network of a node, with the names of a pod of namespace default there.
struct ClientPlace {
  std::string node;
  pid_t nodePid = 0;
  std::string profile;
  std::string resolvConf;  ///< The text of /etc/resolv.conf.
  std::string workDir;     ///< For results and logs.
  std::string folder;      ///< The scenario's, where its own programs lie; absolute.
  std::string kubeconfig;  ///< Of the API server as a node reaches it.
};

Result<ClientPlace> placeOn(const ClusterInfo& info, const std::string& node);

/// One load that runs: `hitless load`, or a program of the scenario's own.
class LoadClient {
 public:
  /// `hitless load` is told what Service its URL names; a program resolves names by itself.
  /// `number` tells loads apart whose names differ only in signs.
  static Result<LoadClient> start(const ClientPlace& place, ApiSession& api,
                                  const scenario::LoadLine& line, std::size_t number);

  /// Waits until a program that ends by itself has done so; kUnavailable after `timeout`.
  Status awaitEnd(nanoseconds timeout);

  /// Lets it finish what it has begun, and reads what it saw.
  Result<report::NamedLoad> stop();

 private:
  struct Files {
    std::string result;
    std::string log;
  };
  LoadClient(scenario::LoadLine line, Files files, WallTime started, sys::ChildProcess process)
      : line_(std::move(line)), files_(std::move(files)), started_(started), process_(process) {}
  int end();

  scenario::LoadLine line_;
  Files files_;
  WallTime started_;
  sys::ChildProcess process_;
};

/// "web.default:80" -> the ClusterIP of Service web in namespace default. A bare "web" is in
/// default; an address stays as it is.
Result<std::string> resolveService(ApiSession& api, const std::string& host);

}  // namespace hitless::app
