#pragma once

#include <string>
#include <vector>

#include "core/kube/json.h"

/// How pods get their proxy: containers that are added when a pod is made, or before, by
/// `hitless inject`; docs/proxy-injection.md tells users.
namespace hitless::proxy::inject {

struct Options {
  std::string image = "hitless";
  /// The pod's Namespace, whose label may ask for the proxy; nullptr: it is not known.
  const kube::json::object* ns = nullptr;
  /// Nobody need ask: whoever injects wants every pod to have it that does not refuse.
  bool byDefault = false;
};

struct Injection {
  bool injected = false;              ///< The pod has the proxy, now or already before.
  std::vector<std::string> warnings;  ///< Sentences for whoever made the pod.
};

/// Adds the proxy and what leads connections to it, if the pod or its namespace asks for it. Left
/// out are pods in their node's network, pods of Windows, mirror pods, and pods that somebody
/// else's proxy is in. May be applied again: what it has done is kept. The gate comes after
/// (drain/gate_hook.h), so that it holds an ordinary sidecar's SIGTERM back, too.
///
/// Works on a Pod and on the template of one alike.
Injection injectSidecar(kube::json::object& pod, const Options& options);

/// Makes the pod what it was before injectSidecar(). False if it has not been injected.
bool removeSidecar(kube::json::object& pod);

/// To be called when the gate has added its hooks, or has not: tells an ordinary sidecar whether
/// its SIGTERM means that no new connection can come any more. A native sidecar's says, with the
/// gate or without, that the application is over.
void tellOfGate(kube::json::object& pod);

}  // namespace hitless::proxy::inject
