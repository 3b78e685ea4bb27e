#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/node/context.h"
#include "core/node/handler.h"
#include "core/node/pod_spec.h"

namespace hitless::app {

/// A probe or hook on its way. Cancelled, it reports nothing any more.
class Check {
 public:
  virtual ~Check() = default;
  virtual void cancel() = 0;
};

/// Where a handler acts.
struct CheckPlace {
  const node::ContainerSpec* container = nullptr;  ///< Names its ports.
  std::string podIP;
  int pidfd = -1;  ///< Of the container's first process, for exec.
  node::Environment environment;
};

struct CheckOutcome {
  bool success = false;
  std::string message;  ///< As kubelet's messages put it.
};

/// Performs a handler as kubelet does: commands inside the container, requests from the node.
/// `done` is called once, never from inside the call.
std::shared_ptr<Check> startCheck(NodeContext& context, const node::Handler& handler,
                                  const CheckPlace& place, nanoseconds timeout,
                                  std::function<void(CheckOutcome)> done);

}  // namespace hitless::app
