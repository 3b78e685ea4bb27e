#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/node/context.h"
#include "app/node/pod_network.h"
#include "core/node/command.h"
#include "core/node/pod_spec.h"
#include "core/node/sources.h"
#include "sys/container/container_config.h"
#include "sys/container/sandbox.h"

namespace hitless::app {

/// A failure that becomes an Event.
struct SandboxError {
  std::string reason;  ///< FailedMount, FailedCreatePodSandBox
  std::string message;
};

/// What a pod has on its node besides processes: namespaces, an address, volumes and files of /etc.
class PodSandbox {
 public:
  PodSandbox(NodeContext& context, PodNetwork& network) : context_(context), network_(network) {}
  PodSandbox(const PodSandbox&) = delete;
  PodSandbox& operator=(const PodSandbox&) = delete;
  ~PodSandbox() { remove(); }

  using Made = std::function<void(tl::expected<void, SandboxError>)>;
  /// Makes everything and calls `made`, unless remove() comes first; nothing is left of a failed
  /// attempt. The pod's network is up only when the node's agent has isolated its address as
  /// NetworkPolicies want it.
  void make(const node::PodSpec& spec, const node::Sources& sources, Made made);
  /// Gives everything back.
  void remove();

  const std::string& podIP() const { return podIP_; }
  /// What make() did otherwise than the manifest says.
  const std::vector<node::Emit>& warnings() const { return warnings_; }
  const sys::Sandbox& namespaces() const { return *sandbox_; }
  /// The container's volumes and the pod's files, with subPathExpr expanded. Makes missing subPath
  /// directories.
  Result<std::vector<sys::ContainerMount>> mountsOf(const node::PodSpec& spec,
                                                    const node::ContainerSpec& container,
                                                    const node::Environment& environment) const;

 private:
  tl::expected<void, SandboxError> makeVolumes(const node::PodSpec& spec,
                                               const node::Sources& sources);
  Status claim(const node::PodSpec& spec);
  Status connect(const node::PodSpec& spec);
  void isolated(const Status& status);
  void fail(SandboxError error);
  void succeed();
  Status writeFiles(const node::PodSpec& spec);
  std::string resolvFile(const node::PodSpec& spec);
  Status makeVolume(const node::PodSpec& spec, const node::Volume& volume,
                    const node::Sources& sources);
  std::string volumePath(const node::PodSpec& spec, const node::Volume& volume) const;

  NodeContext& context_;
  PodNetwork& network_;
  std::string uid_;
  std::string directory_;
  std::string podIP_;
  std::optional<sys::Sandbox> sandbox_;
  std::vector<node::Emit> warnings_;
  Made made_;                          ///< While the attempt goes on.
  std::shared_ptr<PodRequest> claim_;  ///< While the agent has it.
};

}  // namespace hitless::app
