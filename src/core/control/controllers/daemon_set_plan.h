#pragma once

#include <string>
#include <vector>

#include "core/control/controllers/daemon_set_pods.h"
#include "core/control/controllers/ownership.h"

/// Which nodes get or lose a DaemonSet's pod next.
namespace hitless::control {

/// A node with the set's pods on it, or on their way to it, oldest first.
struct DaemonNode {
  std::string name;
  Eligibility eligible;
  std::vector<Ref<kube::Pod>> pods;
};

struct DaemonPlan {
  std::vector<std::string> create;  ///< Nodes.
  std::vector<Ref<kube::Pod>> remove;

  bool empty() const { return create.empty() && remove.empty(); }
};

/// First every node gets what it should have. Only then, and without OnDelete, pods of another hash
/// than `hash` are replaced: with maxSurge the new pod comes first and the old one goes when it is
/// available; else the old one goes first, at most maxUnavailable of them at a time. A pod that is
/// terminating still holds its place.
DaemonPlan planDaemons(const kube::DaemonSet& set, const std::vector<DaemonNode>& nodes,
                       const std::string& hash, WallTime now);

}  // namespace hitless::control
