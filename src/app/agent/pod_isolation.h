#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"

namespace hitless::app {

/// A pod's sandbox, and the addresses that its network has just given it.
struct PodSandboxClaim {
  std::string ns;
  std::string name;
  /// metadata.uid; empty if whoever claims does not know it: not every container runtime tells.
  std::string uid;
  std::vector<IpAddress> addresses;

  bool operator==(const PodSandboxClaim&) const = default;
  std::string podKey() const { return ns + "/" + name; }
};

/// Whoever keeps NetworkPolicies on this node, as the pod's network sees it. Pods are isolated
/// "before they are started" (the lifecycle in Kubernetes' documentation of NetworkPolicies): a
/// pod's network is brought up, and its containers run, only after isolate() has answered.
class PodIsolation {
 public:
  virtual ~PodIsolation() = default;
  /// Calls `done` exactly once: without an error when every policy for the pod is in the kernel for
  /// all of these addresses. Until then nothing goes in or out of them, not even before the pod's
  /// object has been seen, for which the implementation waits a bounded time by itself. With an
  /// error (which says what to do) when that cannot be had; the sandbox's attempt then fails and is
  /// repeated. A claim for the same pod replaces what was claimed for it before. An agent
  /// that starts repeats the claims that stand, whoever waited for them.
  virtual void isolate(PodSandboxClaim claim, std::function<void(Status)> done) = 0;
  /// The sandbox is gone, or its attempt has failed. The addresses may be given to another pod the
  /// moment after; what another has claimed by then stays. Without addresses: all of the pod's.
  virtual void release(const PodSandboxClaim& claim) = 0;
  /// Whether what isolate() answered still holds.
  virtual Status check(const PodSandboxClaim& claim) = 0;
};

}  // namespace hitless::app
