#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "core/node/pod_spec.h"

/// The downward API: what a pod may learn about itself through its environment and volumes.
namespace hitless::node {

/// Facts that are not in the manifest.
struct PodFacts {
  std::string podIP;
  std::string hostIP;
  std::int64_t nodeCpus = 1;         ///< What a missing cpu limit means.
  std::int64_t nodeMemoryBytes = 0;  ///< What a missing memory limit means.
};

/// The value of a fieldRef; kInvalid names a path that there is none of.
Result<std::string> fieldValue(const PodSpec& spec, const PodFacts& facts, const FieldRef& ref);
/// The value of a resourceFieldRef, divided by its divisor and rounded up.
Result<std::string> resourceValue(const PodSpec& spec, const PodFacts& facts,
                                  std::string_view container, const ResourceFieldRef& ref);
/// A Kubernetes quantity ("500m", "1Gi", "2e3") in thousandths; nullopt if it is none.
std::optional<std::int64_t> parseQuantityMilli(std::string_view text);

}  // namespace hitless::node
