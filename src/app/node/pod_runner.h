#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "app/node/api_writer.h"
#include "app/node/checks.h"
#include "app/node/pod_sandbox.h"
#include "core/node/pod_machine.h"
#include "sys/container/child.h"

namespace hitless::app {

/// Carries out what one pod's machine decides, and tells the machine what came of it.
class PodRunner : public std::enable_shared_from_this<PodRunner> {
 public:
  PodRunner(NodeContext& context, PodNetwork& network, PodEventWriter& events,
            const kube::json::object& pod);

  void begin();
  void updated(const kube::json::object& pod);
  /// The object is gone from the API server.
  void forgotten();
  /// Nothing of the pod is left on the node.
  bool gone() const { return machine_.over() && !lingering_ && !sandbox_; }

 private:
  struct Attempt {
    std::shared_ptr<sys::Child> child;
    node::Environment environment;
  };

  void run(const node::Commands& commands);
  void armTimer();
  const node::PodSpec& spec() const { return machine_.state().spec; }
  const node::ContainerSpec* containerSpec(const std::string& name) const;
  CheckPlace placeOf(const std::string& container) const;

  void carryOut(const node::MakeSandbox&);
  void carryOut(const node::StartContainer& start);
  void carryOut(const node::RunProbe& probe);
  void carryOut(const node::RunHook& hook);
  void carryOut(const node::CancelHook& cancel);
  void carryOut(const node::SignalContainer& signal);
  void carryOut(const node::WriteStatus& write);
  void carryOut(const node::Emit& emit);
  void carryOut(const node::Record& record);
  void carryOut(const node::RemoveSandbox&);
  void carryOut(const node::DeletePod&);

  void withSources(std::function<void(PodRunner&, Result<node::Sources>)> use);
  void sandboxMade(const tl::expected<void, SandboxError>& made);
  void launch(const node::StartContainer& start, const node::Sources& sources);
  Result<sys::ContainerConfig> configOf(const node::ContainerSpec& container,
                                        const node::Launch& launch,
                                        const node::Environment& environment) const;
  node::Environment baseEnvironment() const;
  void startFailed(const std::string& container, node::StartError error, const std::string& why);
  void startedOrFailed(const std::string& container, const node::Launch& launch,
                       node::Environment environment, Result<std::shared_ptr<sys::Child>> child);

  NodeContext& context_;
  PodNetwork& network_;
  PodEventWriter& events_;
  node::PodMachine machine_;
  std::shared_ptr<StatusWriter> status_;
  std::unique_ptr<PodSandbox> sandbox_;
  std::optional<node::Sources> sources_;  ///< Fetched for the sandbox, used by the first starts.
  std::map<std::string, Attempt> attempts_;
  std::map<std::uint64_t, std::shared_ptr<Check>> hooks_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer linger_;
  bool lingering_ = false;
};

}  // namespace hitless::app
