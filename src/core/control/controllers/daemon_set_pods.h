#pragma once

#include <string>

#include "core/control/controllers/scheduling_spec.h"
#include "core/kube/daemon_set.h"

/// A DaemonSet's pods: what they tolerate, and which node each is for.
namespace hitless::control {

/// The pod of one node, made from the present template; `hash` is its revision's.
kube::json::object podFor(const kube::DaemonSet& set, const std::string& hash,
                          const std::string& node);

/// The node that a pod is bound to or, before the scheduler has seen it, made for. Empty: none.
std::string nodeOf(const kube::Pod& pod, const kube::json::object& object);

/// What the template asks of a node, with the tolerations that every daemon has.
PodPlacement placementFor(const kube::DaemonSet& set);

struct Eligibility {
  bool wanted = false;  ///< There should be a pod.
  bool may = false;     ///< One that is there may stay.
  bool operator==(const Eligibility&) const = default;
};
/// `fixedNode`: spec.nodeName of the template, or empty.
Eligibility eligibility(const PodPlacement& placement, const std::string& fixedNode,
                        const kube::Node& node, const std::vector<Taint>& taints);

}  // namespace hitless::control
