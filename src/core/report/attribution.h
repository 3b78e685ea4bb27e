#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/load/result.h"
#include "core/report/pods.h"

namespace hitless::report {

/// Why a request was lost, as the cluster's side tells it.
enum class FailureClass : std::uint8_t {
  kEndpointLag,
  kConnReuse,
  kDrainCut,
  kPastCommit,
  kNotReady,
  kPodCrash,
  kNoEndpoint,
  kApplication,
  kCapacity,
  kOther,
  kNotListed,
};

struct ClassInfo {
  FailureClass failureClass;
  std::string_view id;           ///< Stable, for JSON: "endpoint-lag".
  std::string_view explanation;  ///< One sentence.
};

/// Every class, in the order of the enumeration.
std::span<const ClassInfo> classes();
const ClassInfo& info(FailureClass failureClass);

struct Attribution {
  FailureClass failureClass = FailureClass::kOther;
  const PodHistory* pod = nullptr;  ///< The backend's pod, if it is known.
};

Attribution attribute(const load::Failure& failure, const std::vector<PodHistory>& pods);

/// The moment of a failure that is compared with what happened to the pod: a connection attempt
/// counts from its first packet, everything else from when it failed.
WallTime momentOf(const load::Failure& failure);

}  // namespace hitless::report
