#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/kube/json.h"
#include "core/proxy/inject/injection.h"

/// `hitless inject` as a function: manifests in, manifests out.
namespace hitless::proxy::inject {

struct ManifestOptions {
  std::string image = "hitless";
  bool remove = false;  ///< Take the proxy out again.
  bool json = false;    ///< Write JSON, as one List if there are several objects.
};

struct Injected {
  std::string text;
  std::size_t changed = 0;            ///< Objects.
  std::vector<std::string> warnings;  ///< "app.yaml:12: Deployment web: …"
};

/// Reads a stream of YAML or JSON documents and gives every workload in it the proxy whose pods do
/// not refuse it: Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Jobs,
/// CronJobs and Pods, also within a List. Those that have it get it anew. Documents without a
/// change come out as they were, letter by letter, if YAML is asked for. Errors say "file:line".
Result<Injected> injectInto(std::string_view text, std::string_view file,
                            const ManifestOptions& options);

/// The pod that a workload makes, or the pod itself; nullptr of other objects.
kube::json::object* podOf(kube::json::object& object);

}  // namespace hitless::proxy::inject
