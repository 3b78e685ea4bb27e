#include "app/cluster/cluster_process.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::app {
namespace {

/// True for "... COMMAND ... FLAG VALUE ..." and "... COMMAND ... FLAG=VALUE ...".
bool runs(const std::vector<std::string>& argv, const std::string& command, const std::string& flag,
          const std::string& value) {
  if (argv.size() < 2 || argv[1] != command) {
    return false;
  }
  for (std::size_t i = 2; i < argv.size(); ++i) {
    if (argv[i] == flag + "=" + value ||
        (argv[i] == flag && i + 1 < argv.size() && argv[i + 1] == value)) {
      return true;
    }
  }
  return false;
}

Result<pid_t> childThatRuns(pid_t parent, const std::string& command, const std::string& flag,
                            const std::string& value) {
  for (const pid_t pid : sys::childrenOf(parent)) {
    if (runs(sys::commandLineOf(pid), command, flag, value)) {
      return pid;
    }
  }
  return fail(ErrorKind::kNotFound,
              fmt::format("no process runs '{} {} {}'", command, flag, value));
}

}  // namespace

Result<pid_t> nodeProcess(const ClusterInfo& info, const std::string& name) {
  if (std::find(info.nodes.begin(), info.nodes.end(), name) == info.nodes.end()) {
    return fail(ErrorKind::kNotFound, fmt::format("cluster '{}' has no node '{}'", info.name, name),
                "its nodes: " + join(info.nodes, ", "));
  }
  return childThatRuns(info.init.pid, "node", "--name", name);
}

Result<pid_t> agentProcess(const ClusterInfo& info, const std::string& node) {
  return childThatRuns(TRY(nodeProcess(info, node)), "agent", "--node-name", node);
}

}  // namespace hitless::app
