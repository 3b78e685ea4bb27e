#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hitless::report {

/// Why a request was lost, as the cluster's side tells it.
enum class FailureClass : std::uint8_t {
  kEndpointLag,
  kDnsLag,
  kDnsKept,
  kDeadAddress,
  kBackoff,
  kConnReuse,
  kDrainCut,
  kSigkillCut,
  kDrainRefused,
  kPastCommit,
  kNotReady,
  kPodCrash,
  kNodeCut,
  kNoEndpoint,
  kNoName,
  kApplication,
  kPeerClosed,
  kCapacity,
  kClient,
  kNotDenied,
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

}  // namespace hitless::report
