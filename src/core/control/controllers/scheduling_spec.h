#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/kube/objects.h"
#include "core/kube/selector.h"

/// The parts of pods and nodes that only the scheduler reads.
namespace hitless::control {

struct Taint {
  std::string key;
  std::string value;
  std::string effect;  ///< NoSchedule, PreferNoSchedule, NoExecute
  bool operator==(const Taint&) const = default;
};

struct Toleration {
  std::string key;  ///< Empty with Exists: every key.
  std::string op;   ///< Equal (also if empty) or Exists
  std::string value;
  std::string effect;  ///< Empty: every effect.

  bool tolerates(const Taint& taint) const;
};

/// One term of a node selector: all of it must match.
struct NodeTerm {
  std::vector<kube::Requirement> labels;
  std::vector<kube::Requirement> fields;  ///< Over metadata.name.
};

struct PodPlacement {
  std::string schedulerName;
  bool gated = false;  ///< spec.schedulingGates holds it back.
  kube::Labels nodeSelector;
  std::vector<Toleration> tolerations;
  /// requiredDuringSchedulingIgnoredDuringExecution: one of the terms must match.
  std::optional<std::vector<NodeTerm>> requiredTerms;

  bool tolerates(const Taint& taint) const;
  /// nodeSelector and required node affinity.
  bool selects(const kube::Node& node) const;
};

/// spec.taints and the taints that a node's state implies: unschedulable, not ready, unreachable.
std::vector<Taint> taintsOf(const kube::json::object& node);
/// status.allocatable.pods; 110 where nothing is said.
std::int64_t maxPodsOf(const kube::json::object& node);
PodPlacement placementOf(const kube::json::object& pod);

inline constexpr std::string_view kUnschedulableTaint = "node.kubernetes.io/unschedulable";

}  // namespace hitless::control
