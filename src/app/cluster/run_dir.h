#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/kube/json.h"
#include "sys/process/process.h"

namespace hitless::app {

/// In the state directory: for the programs of nodes, which reach the API server by its address
/// inside the cluster.
inline constexpr const char* kNodeKubeconfig = "node.kubeconfig";

/// What a running embedded cluster is, as other commands need it (cluster.json in its run
/// directory).
struct ClusterInfo {
  std::string name;
  std::string profile;
  std::string server;      ///< "https://127.0.0.1:6443"
  std::string kubeconfig;  ///< Path, readable by its owner only.
  std::string stateDir;    ///< A tmpfs in the cluster's mount namespace: see statePath().
  std::vector<std::string> nodes;
  sys::ProcessId init;     ///< Process 1 of the cluster.
  sys::ProcessId monitor;  ///< Its parent, which clears up after it.

  /// A path in the state directory as seen from outside the cluster.
  std::string statePath(const std::string& relative) const;

  kube::json::object toJson() const;
  static ClusterInfo of(const kube::json::object& object);
};

/// The directory of one cluster on the host: kubeconfig, cluster.json and log. Everything else that
/// a cluster has lives in its namespaces and goes with them.
class RunDir {
 public:
  /// $HITLESS_RUN_DIR, else $XDG_RUNTIME_DIR/hitless, else /tmp/hitless-UID; then /NAME. kInvalid
  /// for a name that is no DNS label.
  static Result<RunDir> of(const std::string& clusterName);

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  /// Makes the directory for a new cluster. What a dead cluster left is removed; kConflict if one
  /// lives.
  Status prepare() const;
  /// The cluster that runs here; kNotFound if none does.
  Result<ClusterInfo> read() const;
  Status write(const ClusterInfo& info) const;
  /// Removes the directory with all that is in it.
  void remove() const;

 private:
  explicit RunDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Writes a file that only its owner can read, replacing it in one step.
Status writePrivateFile(const std::string& path, const std::string& text);
/// A whole file; the error names it.
Result<std::string> readFile(const std::string& path);

}  // namespace hitless::app
