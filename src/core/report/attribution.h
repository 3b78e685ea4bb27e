#pragma once

#include <string>
#include <vector>

#include "core/load/result.h"
#include "core/report/classes.h"
#include "core/report/facts.h"

namespace hitless::report {

/// The one cause of a lost request, with what it rests on.
struct Attribution {
  FailureClass failureClass = FailureClass::kOther;
  const PodHistory* pod = nullptr;  ///< The backend's pod, if it is known.
  /// The client did not say which backend it was: the pod is the one that was stopping then.
  bool byTime = false;
  std::string evidence;  ///< Times and ages, a sentence; may be empty.
  /// Of kBackoff: the failure with which the wait began, if one was seen.
  const load::Failure* began = nullptr;
  FailureClass root = FailureClass::kOther;  ///< Its class.
};

/// One failure by itself. A wait (kBackoff) has its root only in attributeAll().
Attribution attribute(const load::Failure& failure, const Facts& facts);

/// Every listed failure of a load, in its order. They point into `facts` and `result`.
std::vector<Attribution> attributeAll(const load::LoadResult& result, const Facts& facts);

/// The moment of a failure that is compared with what happened to the pod: a connection attempt
/// counts from its first packet, everything else from when it failed.
WallTime momentOf(const load::Failure& failure);

/// The crash of its pod that a failure came from, or nullptr.
const Crash* crashBehind(const load::Failure& failure, const PodHistory& pod);

/// A failure of an attempt to connect.
bool whileConnecting(load::Cause cause);

}  // namespace hitless::report
