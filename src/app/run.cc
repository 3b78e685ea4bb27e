#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "app/cluster/api_session.h"
#include "app/cluster/cluster_process.h"
#include "app/cluster/run_dir.h"
#include "app/overlay.h"
#include "app/terminal.h"
#include "app/up.h"
#include "core/kube/objects.h"
#include "sys/process/namespaces.h"

namespace hitless::app {
namespace {

struct RunOptions {
  std::string name = "default";
  std::string node;
  std::vector<std::string> command;
};

/// /etc/hosts lines for every ClusterIP Service under the names that its pods may use.
Result<std::string> hostsOf(const ClusterInfo& info) {
  ApiSession api = TRY(ApiSession::open(info.kubeconfig));
  const auto list = TRY(api.get(sys::pathOf(kube::res::kServices, "")));
  std::string hosts = "127.0.0.1 localhost\n";
  const kube::json::array* items = kube::findArray(list, {"items"});
  if (items == nullptr) {
    return hosts;
  }
  for (const auto& item : *items) {
    const kube::json::object* object = item.if_object();
    if (object == nullptr) {
      continue;
    }
    const kube::Service service = kube::serviceOf(*object);
    if (service.headless() || service.clusterIPs.empty()) {
      continue;
    }
    const std::string name = service.meta.name + "." + service.meta.ns;
    hosts += fmt::format("{} {}.svc.cluster.local {}.svc {}{}\n", service.clusterIPs.front(), name,
                         name, name, service.meta.ns == "default" ? " " + service.meta.name : "");
  }
  return hosts;
}

Status runInside(const RunOptions& options) {
  const RunDir dir = TRY(RunDir::of(options.name));
  const ClusterInfo info = TRY(dir.read());
  const std::string node = options.node.empty() ? info.nodes.front() : options.node;
  const std::string hosts = TRY(hostsOf(info));
  const pid_t pid = TRY(nodeProcess(info, node));
  TRY_VOID(sys::joinNamespaces(pid, {"user", "net"}));
  TRY_VOID(ownMounts());
  TRY_VOID(overlayFile("/etc/hosts", hosts));
  std::vector<char*> argv;
  for (const std::string& word : options.command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  return osFail("cannot run " + options.command.front());
}

}  // namespace

std::function<int()> addRun(CLI::App& parser) {
  auto options = std::make_shared<RunOptions>();
  parser.add_option("--name", options->name, "Which cluster")->capture_default_str();
  parser.add_option("--node", options->node, "On which node (default: the first)");
  parser.add_option("command", options->command, "The command and its arguments, after --")
      ->required();
  parser.positionals_at_end();
  return [options] { return exitStatus(runInside(*options)); };
}

}  // namespace hitless::app
