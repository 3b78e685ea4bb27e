#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/node/context.h"
#include "sys/container/child.h"

namespace hitless::app {

/// Keeps the node's agent running: a child that is started again when it ends, with growing delays
/// while it ends at once. Rules in the kernel outlive it.
class AgentSupervisor {
 public:
  /// `arguments` follow "hitless agent".
  AgentSupervisor(NodeContext& context, std::vector<std::string> arguments)
      : context_(context), arguments_(std::move(arguments)), timer_(context.io) {}
  void start();

 private:
  Status launch();
  void ended(sys::ChildExit exit);
  void startLater();

  NodeContext& context_;
  std::vector<std::string> arguments_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<sys::Child> child_;
  MonoTime started_{};
  nanoseconds delay_{};
};

}  // namespace hitless::app
